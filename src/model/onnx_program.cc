#include "model/onnx_program.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/names.h"
#include "model/onnx_ops.h"

namespace forewarn {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 30;
constexpr size_t kChunk = 256;                       // rows of one pass
constexpr int64_t kBudget = int64_t{1} << 26;        // a pass's work beside its rows
constexpr int64_t kBudgetPerRow = int64_t{1} << 22;  // work a row: thousands of deep trees
constexpr int64_t kMaxOpset = 22;

struct Step {
  OnnxOp op;
  std::string name;         // for messages: "Softmax 'probabilities'"
  std::vector<int> inputs;  // slots; −1: absent
  int output = 0;
};

}  // namespace

struct OnnxProgram::Impl {
  std::vector<Step> steps;
  std::vector<Tensor> constants;  // by slot; empty where a step or the input fills it
  std::vector<char> is_constant;
  std::vector<size_t> last_use;  // by slot: the step after which it may go
  Tensor::Type input_type = Tensor::Type::kFloat;
  int input_slot = -1;
  int output_slot = -1;
  bool one_row = false;        // the graph's batch is fixed at 1
  bool second_column = false;  // of a two-class probability
  size_t features = 0;
  size_t outputs = 0;

  // One pass over n rows; the chosen output as a table with n rows.
  Result<Tensor> RunChunk(const double* rows, size_t n) const {
    Meter meter(kBudget + static_cast<int64_t>(n) * kBudgetPerRow);
    std::vector<Tensor> values(constants.size());
    Tensor& input = values[static_cast<size_t>(input_slot)];
    input.type = input_type;
    input.shape = {static_cast<int64_t>(n), static_cast<int64_t>(features)};
    for (size_t i = 0; i < n * features; ++i) input.data.push_back(RoundTo(input_type, rows[i]));
    std::vector<const Tensor*> arguments;
    for (size_t s = 0; s < steps.size(); ++s) {
      const Step& step = steps[s];
      arguments.clear();
      for (const int slot : step.inputs) {
        const auto i = static_cast<size_t>(slot);
        arguments.push_back(slot < 0 ? nullptr : is_constant[i] != 0 ? &constants[i] : &values[i]);
      }
      auto out = step.op(arguments, meter);
      if (!out.ok()) return out.status().WithPrefix(step.name);
      values[static_cast<size_t>(step.output)] = std::move(*out);
      for (const int slot : step.inputs) {
        if (slot >= 0 && last_use[static_cast<size_t>(slot)] == s)
          values[static_cast<size_t>(slot)] = Tensor();
      }
    }
    const auto slot = static_cast<size_t>(output_slot);
    Tensor out = is_constant[slot] != 0 ? constants[slot] : std::move(values[slot]);
    if (out.rank() == 1) out.shape.push_back(1);
    if (out.rank() != 2 || out.shape[0] != static_cast<int64_t>(n) || out.shape[1] < 1 || !out.real()) {
      return Status::Invalid("the graph's output is not a table of numbers with one row a row of its input");
    }
    return out;
  }
};

namespace {

class Compiler {
 public:
  explicit Compiler(const onnx::ModelProto& model) : graph_(model.graph()), model_(model) {}

  template <typename Impl>
  Status Compile(Impl* impl) {
    FW_RETURN_IF_ERROR(CheckOpsets());
    FW_RETURN_IF_ERROR(ReadInitializers(impl));
    FW_RETURN_IF_ERROR(ReadInput(impl));
    FW_RETURN_IF_ERROR(ChooseOutput());
    FW_RETURN_IF_ERROR(MarkNeeded());
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (!needed_[static_cast<size_t>(i)]) continue;
      FW_RETURN_IF_ERROR(AddStep(graph_.node(i), impl));
    }
    const auto output = slots_.find(output_);
    if (output == slots_.end()) return Status::Invalid("no node makes the graph's output '" + output_ + "'");
    impl->output_slot = output->second;
    impl->second_column = labelled_;
    impl->last_use.assign(impl->constants.size(), std::numeric_limits<size_t>::max());
    for (size_t s = 0; s < impl->steps.size(); ++s) {
      for (const int slot : impl->steps[s].inputs) {
        if (slot >= 0 && slot != impl->output_slot) impl->last_use[static_cast<size_t>(slot)] = s;
      }
    }
    return {};
  }

 private:
  Status CheckOpsets() const {
    for (const auto& opset : model_.opset_import()) {
      const bool known =
          opset.domain().empty() || opset.domain() == "ai.onnx" || opset.domain() == "ai.onnx.ml";
      if (!known) continue;  // a node of that domain is refused by name
      const int64_t newest = opset.domain() == "ai.onnx.ml" ? 4 : kMaxOpset;
      if (opset.version() < 1 || opset.version() > newest) {
        return Status::Invalid("opset " + std::to_string(opset.version()) + " of '" + opset.domain() +
                               "' is not supported (1 … " + std::to_string(newest) + " are)");
      }
    }
    if (graph_.sparse_initializer_size() > 0) return Status::Invalid("sparse initializers are not supported");
    return {};
  }

  template <typename Impl>
  int NewSlot(const std::string& name, Impl* impl) {
    const int slot = static_cast<int>(impl->constants.size());
    impl->constants.emplace_back();
    impl->is_constant.push_back(0);
    slots_[name] = slot;
    return slot;
  }

  template <typename Impl>
  Status ReadInitializers(Impl* impl) {
    for (const auto& proto : graph_.initializer()) {
      if (slots_.count(proto.name()) != 0)
        return Status::Invalid("two tensors are named '" + proto.name() + "'");
      if (proto.data_type() == onnx::TensorProto::STRING)
        continue;  // class labels; a needed one is missed by name
      FW_ASSIGN_OR_RETURN(Tensor tensor, ReadTensor(proto));
      const auto slot = static_cast<size_t>(NewSlot(proto.name(), impl));
      impl->constants[slot] = std::move(tensor);
      impl->is_constant[slot] = 1;
    }
    return {};
  }

  template <typename Impl>
  Status ReadInput(Impl* impl) {
    const onnx::ValueInfoProto* input = nullptr;
    for (const auto& value : graph_.input()) {
      if (slots_.count(value.name()) != 0) continue;  // an initializer with a default
      if (input != nullptr) {
        return Status::Invalid("the graph has several inputs; one table [N, F] is read (export it with one)");
      }
      input = &value;
    }
    if (input == nullptr) return Status::Invalid("the graph has no input");
    const auto& type = input->type().tensor_type();
    FW_ASSIGN_OR_RETURN(impl->input_type, TypeOf(type.elem_type()));
    if (impl->input_type != Tensor::Type::kFloat && impl->input_type != Tensor::Type::kDouble) {
      return Status::Invalid("the graph's input is not float or double");
    }
    if (type.shape().dim_size() != 2) return Status::Invalid("the graph's input is not a table [N, F]");
    const int64_t batch = type.shape().dim(0).dim_value();
    const int64_t width = type.shape().dim(1).dim_value();
    if (width < 1 || width > 1 << 20)
      return Status::Invalid("the graph does not say how many columns it reads");
    if (batch < 0 || batch > 1)
      return Status::Invalid("the graph's batch is fixed at " + std::to_string(batch) + " rows");
    impl->one_row = batch == 1;
    impl->features = static_cast<size_t>(width);
    impl->input_slot = NewSlot(input->name(), impl);
    return {};
  }

  // The first output of real numbers; before it may stand labels, which are passed over.
  Status ChooseOutput() {
    for (const auto& value : graph_.output()) {
      const auto& type = value.type();
      const bool real =
          type.has_tensor_type() && (type.tensor_type().elem_type() == onnx::TensorProto::FLOAT ||
                                     type.tensor_type().elem_type() == onnx::TensorProto::DOUBLE);
      if (real || type.has_sequence_type()) {  // a sequence is ZipMap's
        output_ = value.name();
        return {};
      }
      labelled_ = true;
    }
    return Status::Invalid("the graph has no output of real numbers");
  }

  // Nodes the output needs. The file's order is the order of running: a value is made before it is read.
  Status MarkNeeded() {
    std::map<std::string, int> maker;
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& name : graph_.node(i).output()) {
        if (name.empty()) continue;
        if (slots_.count(name) != 0 || !maker.emplace(name, i).second) {
          return Status::Invalid("two nodes make '" + name + "'");
        }
      }
    }
    needed_.assign(static_cast<size_t>(graph_.node_size()), false);
    std::vector<std::string> pending = {output_};
    while (!pending.empty()) {
      const auto it = maker.find(pending.back());
      pending.pop_back();
      if (it == maker.end() || needed_[static_cast<size_t>(it->second)]) continue;
      needed_[static_cast<size_t>(it->second)] = true;
      for (const std::string& name : graph_.node(it->second).input()) pending.push_back(name);
    }
    return {};
  }

  template <typename Impl>
  Status AddStep(const onnx::NodeProto& node, Impl* impl) {
    const OnnxTable& table = OnnxOperators();
    const bool ours = node.domain().empty() || node.domain() == "ai.onnx" || node.domain() == "ai.onnx.ml";
    const auto entry = ours ? table.find(node.op_type()) : table.end();
    if (entry == table.end()) {
      const std::string name = node.domain().empty() ? node.op_type() : node.domain() + "." + node.op_type();
      return Status::Invalid("operator '" + name + "' is not supported; supported are: " +
                             JoinNames(OnnxProgram::SupportedOperators()));
    }
    const OnnxFactory& factory = entry->second;
    Step step;
    const std::string output = factory.output < node.output_size() ? node.output(factory.output) : "";
    step.name = node.op_type() + " '" + output + "'";
    const int given = node.input_size();
    if (given < factory.min_inputs || (factory.max_inputs >= 0 && given > factory.max_inputs)) {
      return Status::Invalid(step.name + " has " + std::to_string(given) + " inputs");
    }
    for (int i = 0; i < given; ++i) {
      const std::string& name = node.input(i);
      const auto slot = slots_.find(name);
      if (slot == slots_.end() && (!name.empty() || i < factory.min_inputs)) {
        return Status::Invalid(step.name + " reads '" + name + "', which nothing before it makes");
      }
      step.inputs.push_back(name.empty() ? -1 : slot->second);
    }
    auto op = factory.make(OnnxAttributes(node));
    if (!op.ok()) return op.status().WithPrefix(step.name);
    step.op = std::move(*op);
    if (output.empty())
      return Status::Invalid(step.name + ": the probabilities of this classifier have no name");
    step.output = NewSlot(output, impl);
    impl->steps.push_back(std::move(step));
    return {};
  }

  const onnx::GraphProto& graph_;
  const onnx::ModelProto& model_;
  std::map<std::string, int> slots_;
  std::string output_;
  bool labelled_ = false;  // a label stands before the output: it is a classifier's
  std::vector<bool> needed_;
};

}  // namespace

OnnxProgram::OnnxProgram(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
OnnxProgram::~OnnxProgram() = default;
size_t OnnxProgram::features() const { return impl_->features; }
size_t OnnxProgram::outputs() const { return impl_->outputs; }

const std::vector<std::string>& OnnxProgram::SupportedOperators() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const auto& [name, factory] : OnnxOperators()) names.push_back(name);
    return names;
  }();
  return kNames;
}

Result<std::shared_ptr<const OnnxProgram>> OnnxProgram::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return Status::Invalid("an ONNX file over 1 GB is not read");
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Status::Invalid("not an ONNX file, or a damaged one");
  }
  auto impl = std::make_unique<Impl>();
  FW_RETURN_IF_ERROR(Compiler(model).Compile(impl.get()));
  // A trial proves the shapes: they follow from the graph and the number of rows, not from the rows.
  const size_t n = impl->one_row ? 1 : 2;
  const std::vector<double> zeros(n * impl->features, 0.0);
  FW_ASSIGN_OR_RETURN(const Tensor trial, impl->RunChunk(zeros.data(), n));
  impl->second_column = impl->second_column && trial.shape[1] == 2;
  impl->outputs = impl->second_column ? 1 : static_cast<size_t>(trial.shape[1]);
  return std::shared_ptr<const OnnxProgram>(new OnnxProgram(std::move(impl)));
}

Status OnnxProgram::Run(const double* rows, size_t n, double* out) const {
  const Impl& impl = *impl_;
  const size_t chunk = impl.one_row ? 1 : kChunk;
  for (size_t first = 0; first < n; first += chunk) {
    const size_t count = std::min(chunk, n - first);
    FW_ASSIGN_OR_RETURN(const Tensor table, impl.RunChunk(rows + first * impl.features, count));
    const auto columns = static_cast<size_t>(table.shape[1]);
    if (columns != (impl.second_column ? 2 : impl.outputs)) {
      return Status::Invalid("the graph's output changes its width with its input");
    }
    for (size_t i = 0; i < count; ++i) {
      for (size_t k = 0; k < impl.outputs; ++k) {
        out[(first + i) * impl.outputs + k] = table.data[i * columns + (impl.second_column ? 1 : k)];
      }
    }
  }
  return {};
}

}  // namespace forewarn
