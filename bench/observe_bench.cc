// scratch, rewritten later
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>
#include "base/file.h"
#include "passes/annotate.h"
#include "passes/prepare.h"
#include "engine/temporary_folder.h"
#include <thread>
#include <barrier>
#include "graph/model_file.h"
#include "bench/resnet50.h"
#include "engine/instrument.h"
#include "engine/observe_slots.h"
#include "engine/optimize.h"
#include "engine/session.h"
using namespace rangefinder;
struct CpuClock { using D = std::chrono::nanoseconds; static D now() { timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return D(t.tv_sec * 1000000000ll + t.tv_nsec); } };
#ifdef WALL
using Clock = std::chrono::steady_clock;
#else
using Clock = CpuClock;
#endif
int main(int argc, char** argv) {
  std::string path = argv[1];
  int iters = atoi(argv[2]);
  int threads = atoi(argv[3]);
  engine::TemporaryFolder tmp;
  std::string name = path;
  if (path == "resnet50") { path = (tmp.path() / "resnet50.onnx").string(); write_file(path, bench::make_resnet50()); }
  engine::ModelSource model{std::filesystem::path(path)};
  auto prepared = passes::prepare(path);
  engine::ModelSource basic(graph::serialize(prepared.model), path);
  graph::Graph g(prepared.model);
  std::vector<engine::ObservedTensor> tensors;
  for (auto& n : passes::annotate(g, prepared.infos, targets::all_targets()[0]).observed()) tensors.push_back({n});
  auto t0 = Clock::now();
  auto inst = engine::instrument(basic, tensors);
  auto t1 = Clock::now();
  if (getenv("PLAIN")) inst = engine::instrument_plainly(basic, tensors);
  if (getenv("SAVE")) write_file(getenv("SAVE"), inst.model.bytes);
  auto shape = *engine::Session(model).inputs()[0].shape;
  for (size_t i = 0; i < shape.size(); ++i) if (int(i) + 4 < argc) shape[i] = atoi(argv[i + 4]);
  for (auto& d : shape) if (d < 0) d = 1;
  tensor::Tensor x(tensor::ElementType::kFloat32, shape);
  std::mt19937 r(1); std::normal_distribution<float> nd;
  for (float& v : x.floats()) v = nd(r);
  tensor::NamedTensors sample{{"", x}};
  std::vector<double> a, b, q;
  std::barrier bar(threads);
  uint64_t n = 0;
  auto work = [&](int id) {
    engine::ObserveSlots slots(tensors.size());
    engine::Session bare(model, {.threads = 1});
    engine::Session obs(inst.model, {.threads = 1, .optimization = inst.level, .plan_memory = !getenv("NOPLAN"), .fetch = {inst.token}, .observe = &slots});
    for (int i = 0; i < iters + 2; ++i) {
      bar.arrive_and_wait();
      auto t = Clock::now(); bare.execute(sample); bar.arrive_and_wait();
      auto u = Clock::now(); obs.execute(sample); bar.arrive_and_wait();
      auto v = Clock::now();
      if (i < 2 || id) continue;
      a.push_back(std::chrono::duration<double>(u - t).count());
      b.push_back(std::chrono::duration<double>(v - u).count());
      q.push_back(b.back() / a.back());
    }
    if (id == 0) for (auto& s : slots.slots()) for (auto& c : s) n += c.count();
    if (id == 0 && getenv("PER")) for (size_t i = 0; i < tensors.size(); ++i) { auto& h = slots.slots()[i][0]; fmt::print("{} {:.3f}M zeros {:.2f} \n", tensors[i].name, h.count() / 1e6 / (iters + 2), double(h.histogram.zero_count()) / h.count()); }
  };
  { std::vector<std::jthread> th; for (int i = 0; i < threads; ++i) th.emplace_back(work, i); }
  auto med = [](std::vector<double> v) { std::sort(v.begin(), v.end()); return v[v.size() / 2]; };
  fmt::print("{:20.20} workers {} tensors {} in place {} values/run {:.2f}M bare {:.2f} ms (min {:.2f}) observed {:.2f} ms (min {:.2f}) ratio {:.3f} min ratio {:.3f} | instrument {:.0f} ms\n", std::filesystem::path(name).filename().string(), threads, tensors.size(), inst.in_place_count, n / 1e6 / (iters + 2), med(a) * 1e3, *std::min_element(a.begin(), a.end()) * 1e3, med(b) * 1e3, *std::min_element(b.begin(), b.end())* 1e3, med(q), *std::min_element(b.begin(), b.end())/ *std::min_element(a.begin(), a.end()), std::chrono::duration<double>(t1 - t0).count() * 1e3);
}
