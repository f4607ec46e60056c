// FolderEvents: waiting until something may have changed in a folder. By inotify, or by looking every few
// seconds where inotify is blind (network shares, some container mounts). It only says "look again"; what has
// changed is for the one who looks. Wait belongs to one thread, Interrupt may be called from any and from a
// signal handler.
#pragma once

#include <filesystem>
#include <memory>

#include "core/status.h"

namespace forewarn {

class FolderEvents {
 public:
  virtual ~FolderEvents() = default;
  virtual double Now() = 0;  // seconds of a steady clock
  // Returns after a change, or when the seconds are over, or at once after Interrupt (then false, for good).
  virtual bool Wait(double seconds) = 0;
  virtual void Interrupt() = 0;
};

// poll_s: how often to look where nothing is told; 0: inotify, and a look a minute for what it may have lost.
Result<std::unique_ptr<FolderEvents>> MakeFolderEvents(const std::filesystem::path& folder, double poll_s);

}  // namespace forewarn
