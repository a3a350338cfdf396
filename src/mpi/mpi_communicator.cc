#include "mpi/mpi_communicator.h"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include "rangefinder/error.h"

// A message is its length and then its bytes in pieces, because MPI counts with an int.

namespace rangefinder::mpi {
namespace {

constexpr size_t kPiece = size_t{1} << 30;
/// A wait begins with short naps and ends with long ones.
constexpr std::chrono::microseconds kShortestNap{20};
constexpr std::chrono::microseconds kLongestNap{5000};

void require(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(std::string("MPI: ") + what + ": " +
              std::string(text.data(), static_cast<size_t>(length)));
}

/// Naps until the operation has ended.
void wait(MPI_Request& request, const char* what) {
  int ended = 0;
  for (auto nap = kShortestNap;; nap = std::min(2 * nap, kLongestNap)) {
    require(MPI_Test(&request, &ended, MPI_STATUS_IGNORE), what);
    if (ended != 0) return;
    std::this_thread::sleep_for(nap);
  }
}

void send_piece(const void* bytes, size_t size, size_t to) {
  MPI_Request request{};
  require(MPI_Isend(bytes, static_cast<int>(size), MPI_BYTE, static_cast<int>(to), 0,
                    MPI_COMM_WORLD, &request),
          "sending");
  wait(request, "sending");
}

void receive_piece(void* bytes, size_t size, size_t from) {
  MPI_Request request{};
  require(MPI_Irecv(bytes, static_cast<int>(size), MPI_BYTE, static_cast<int>(from), 0,
                    MPI_COMM_WORLD, &request),
          "receiving");
  wait(request, "receiving");
}

}  // namespace

MpiCommunicator::MpiCommunicator(int& argc, char**& argv) {
  int provided = 0;
  require(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "beginning");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  int rank = 0;
  int size = 1;
  require(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "asking for the rank");
  require(MPI_Comm_size(MPI_COMM_WORLD, &size), "asking for the number of ranks");
  rank_ = static_cast<size_t>(rank);
  size_ = static_cast<size_t>(size);
}

MpiCommunicator::~MpiCommunicator() { MPI_Finalize(); }

void MpiCommunicator::send(size_t to, std::string_view bytes) {
  const uint64_t size = bytes.size();
  send_piece(&size, sizeof size, to);
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
    const auto piece = bytes.substr(begin, kPiece);
    send_piece(piece.data(), piece.size(), to);
  }
}

std::string MpiCommunicator::receive(size_t from) {
  uint64_t size = 0;
  receive_piece(&size, sizeof size, from);
  std::string bytes(size, '\0');
  for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
    receive_piece(bytes.data() + begin, std::min(kPiece, bytes.size() - begin), from);
  }
  return bytes;
}

std::string MpiCommunicator::host() const {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  return {name.data(), static_cast<size_t>(length)};
}

void MpiCommunicator::meet() {
  MPI_Request request{};
  require(MPI_Ibarrier(MPI_COMM_WORLD, &request), "meeting");
  wait(request, "meeting");
}

void MpiCommunicator::end_all(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace rangefinder::mpi
