# One real .xls of each date system: python make_xls.py FOLDER (needs xlwt).
import datetime
import sys

import xlwt

for y in (1900,1904):
    wb = xlwt.Workbook()
    wb.dates_1904 = y == 1904
    s = wb.add_sheet('a')
    f=xlwt.easyxf(num_format_str='YYYY-MM-DD HH:MM:SS.000')
    s.write(0,0,'LIC31012.PV'); s.write(1,0,'Value'); s.write(1,1,'Timestamp')
    epoch=datetime.datetime(1899,12,30) if y==1900 else datetime.datetime(1904,1,1)
    # as a serial: the writer would cut a datetime to whole seconds
    day=lambda t: (t-epoch)/datetime.timedelta(days=1)
    t0=datetime.datetime(2014,12,23,8,0,0,600000)
    for i in range(40):
        s.write(2+i,0,[80,79.5,80.25,-3.0,107.204][i%5])
        s.write(2+i,1,day(t0+datetime.timedelta(seconds=900.25*i)),f)
    s.write(42,0,'Bad'); s.write(42,1,day(t0),f)
    s.write(43,0,True); s.write(43,1,day(t0),f)
    s.row(44).set_cell_error(0,'#N/A!'); s.write(44,1,day(t0),f)
    # enough text for the shared strings to run over several records, narrow and wide
    for i in range(400):
        s.write(45+i,0,'state %d %s %s'%(i,'é€'[i%2], 'x'*(i%50))); s.write(45+i,1,day(t0),f)
    wb.add_sheet('b').write(0,0,'x')
    wb.save(f'{sys.argv[1]}/readings_{y}.xls')
