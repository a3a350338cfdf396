#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "rangefinder/export.h"

namespace rangefinder {

/// How several processes, on one machine or many, work on one run: each calls the same function
/// with the same model, samples and options. They share the samples, add up what they saw, and the
/// first of them, rank 0, writes the results: the same bytes as one process gives.
///
/// The library needs no more than this of MPI or whatever else connects them; `rangefinder-mpi`
/// (docs/scale.md) is a program that does it with MPI. All functions are called by one thread at a
/// time, and by all ranks in the same order. They may throw Error: a rank that is gone.
class RANGEFINDER_API Communicator {
 public:
  virtual ~Communicator() = default;

  /// Which of them this is, 0 <= rank() < size().
  virtual size_t rank() const = 0;
  virtual size_t size() const = 0;
  /// Hands bytes, of any number, to another rank, which receives them. May wait until it does.
  virtual void send(size_t to, std::string_view bytes) = 0;
  /// What another rank sends: its messages come in the order in which it sent them.
  virtual std::string receive(size_t from) = 0;

  /// From here to meet() each rank works by itself and saves what it does: one that fails or dies
  /// takes nothing from the others, which are to be left to finish. Before and after that it ends
  /// them all.
  virtual void part() {}
  /// Waits until every rank has called this or is gone. Returns those that are gone without, and
  /// what is known of each, for people: "on host7, ended by signal 9 (Killed)". Unless there are
  /// none no messages may follow. Where nobody can tell, as here, receive() throws.
  virtual std::map<size_t, std::string> meet() { return {}; }
};

}  // namespace rangefinder
