#include "mpi/world.h"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "rangefinder/error.h"

// A message is its length and then its bytes in pieces, because MPI counts with an int. A notice is
// a message of MPI by itself; between two ranks notices and messages keep their order.

namespace rangefinder::mpi {
namespace {

constexpr size_t kPiece = size_t{1} << 30;
constexpr int kMessageTag = 0;
constexpr int kNoticeTag = 1;

void require(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(std::string("MPI: ") + what + ": " +
              std::string(text.data(), static_cast<size_t>(length)));
}

std::string packed(const Notice& notice) {
  std::string bytes(2 * sizeof(uint64_t), '\0');
  const std::array<uint64_t, 2> head = {static_cast<uint64_t>(notice.kind), notice.about};
  std::memcpy(bytes.data(), head.data(), bytes.size());
  return bytes + notice.text;
}

Notice unpacked(const std::string& bytes) {
  std::array<uint64_t, 2> head{};
  if (bytes.size() < sizeof head) throw Error("MPI: a notice of no rank of this program");
  std::memcpy(head.data(), bytes.data(), sizeof head);
  return {static_cast<Notice::Kind>(head[0]), head[1], bytes.substr(sizeof head)};
}

}  // namespace

// --------------------------------------------------------------------------------------- transfer

struct Transfer::State {
  bool is_sent;
  size_t peer;
  std::string bytes;
  uint64_t size = 0;
  bool has_size = false;
  size_t at = 0;
  MPI_Request request = MPI_REQUEST_NULL;

  void post(void* from, size_t count) {
    const auto length = static_cast<int>(count);
    const auto rank = static_cast<int>(peer);
    if (is_sent) {
      require(MPI_Isend(from, length, MPI_BYTE, rank, kMessageTag, MPI_COMM_WORLD, &request),
              "sending");
    } else {
      require(MPI_Irecv(from, length, MPI_BYTE, rank, kMessageTag, MPI_COMM_WORLD, &request),
              "receiving");
    }
  }
  bool is_under_way() {
    int ended = 0;
    require(MPI_Test(&request, &ended, MPI_STATUS_IGNORE), "waiting");
    return ended == 0;
  }
  void post_piece() {
    const size_t piece = std::min(kPiece, bytes.size() - at);
    post(bytes.data() + at, piece);
    at += piece;
  }
};

Transfer::Transfer(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->post(&state_->size, sizeof state_->size);
}
Transfer::Transfer(Transfer&&) noexcept = default;
Transfer& Transfer::operator=(Transfer&&) noexcept = default;

Transfer::~Transfer() {
  if (!state_ || state_->request == MPI_REQUEST_NULL) return;
  // MPI may write to its bytes, or read them, as long as it lives.
  static auto& given_up = *new std::vector<std::unique_ptr<State>>;
  given_up.push_back(std::move(state_));
}

Transfer Transfer::sending(size_t to, std::string bytes) {
  auto state =
      std::make_unique<State>(State{.is_sent = true, .peer = to, .bytes = std::move(bytes)});
  state->size = state->bytes.size();
  return Transfer(std::move(state));
}

Transfer Transfer::receiving(size_t from) {
  return Transfer(std::make_unique<State>(State{.is_sent = false, .peer = from, .bytes = {}}));
}

size_t Transfer::peer() const { return state_->peer; }

bool Transfer::advance() {
  State& state = *state_;
  while (!state.is_under_way()) {
    if (!state.has_size && !state.is_sent) state.bytes.resize(state.size);
    state.has_size = true;
    if (state.at == state.bytes.size()) return true;
    state.post_piece();
  }
  return false;
}

std::string Transfer::take() { return state_->is_sent ? std::string() : std::move(state_->bytes); }

// ------------------------------------------------------------------------------------------ world

struct World::Posted {
  std::string bytes;
  MPI_Request request = MPI_REQUEST_NULL;
};

World::World(int& argc, char**& argv) {
  require(MPI_Init(&argc, &argv), "beginning");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  int rank = 0;
  int size = 1;
  require(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "asking for the rank");
  require(MPI_Comm_size(MPI_COMM_WORLD, &size), "asking for the number of ranks");
  rank_ = static_cast<size_t>(rank);
  size_ = static_cast<size_t>(size);
}

World::~World() = default;

std::string World::host() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  MPI_Get_processor_name(name.data(), &length);
  return {name.data(), static_cast<size_t>(length)};
}

void World::post(size_t to, const Notice& notice) {
  Posted& posted = posted_.emplace_back(Posted{.bytes = packed(notice)});
  require(MPI_Isend(posted.bytes.data(), static_cast<int>(posted.bytes.size()), MPI_BYTE,
                    static_cast<int>(to), kNoticeTag, MPI_COMM_WORLD, &posted.request),
          "telling");
}

std::optional<Notice> World::take() {
  int found = 0;
  MPI_Status status{};
  require(MPI_Iprobe(MPI_ANY_SOURCE, kNoticeTag, MPI_COMM_WORLD, &found, &status), "listening");
  if (found == 0) return std::nullopt;
  int length = 0;
  require(MPI_Get_count(&status, MPI_BYTE, &length), "listening");
  std::string bytes(static_cast<size_t>(length), '\0');
  require(MPI_Recv(bytes.data(), length, MPI_BYTE, status.MPI_SOURCE, kNoticeTag, MPI_COMM_WORLD,
                   MPI_STATUS_IGNORE),
          "listening");
  return unpacked(bytes);
}

bool World::is_posted() {
  posted_.remove_if([](Posted& posted) {
    int ended = 0;
    require(MPI_Test(&posted.request, &ended, MPI_STATUS_IGNORE), "telling");
    return ended != 0;
  });
  return posted_.empty();
}

void World::end() { MPI_Finalize(); }

void World::end_all(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace rangefinder::mpi
