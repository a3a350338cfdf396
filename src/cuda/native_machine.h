#pragma once

// What kernels ask of the machine, as the card has it. For kernels.cu.

#include <cstdint>

namespace rangefinder::cuda {

struct NativeMachine {
  static constexpr uint32_t kAll = 0xFFFFFFFFu;

  /// 16 bytes.
  struct Vector {
    uint32_t words[4];
  };

  static __device__ __forceinline__ uint32_t thread() { return threadIdx.x; }
  static __device__ __forceinline__ uint32_t threads() { return blockDim.x; }
  static __device__ __forceinline__ uint32_t block() { return blockIdx.x; }
  static __device__ __forceinline__ uint32_t blocks() { return gridDim.x; }
  static __device__ __forceinline__ void barrier() { __syncthreads(); }

  static __device__ __forceinline__ uint32_t ballot(bool vote) { return __ballot_sync(kAll, vote); }
  static __device__ __forceinline__ uint32_t match(uint32_t value) {
    return __match_any_sync(kAll, value);
  }
  static __device__ __forceinline__ uint32_t shuffle_xor(uint32_t value, uint32_t mask) {
    return __shfl_xor_sync(kAll, value, static_cast<int>(mask));
  }
  static __device__ __forceinline__ uint32_t ones(uint32_t bits) {
    return static_cast<uint32_t>(__popc(bits));
  }

  static __device__ __forceinline__ void add(uint32_t* to, uint32_t value) { atomicAdd(to, value); }
  static __device__ __forceinline__ void add(uint64_t* to, uint64_t value) {
    atomicAdd(reinterpret_cast<unsigned long long*>(to), value);
  }
  static __device__ __forceinline__ uint32_t take(uint32_t* from, uint32_t value) {
    return atomicAdd(from, value);
  }
  static __device__ __forceinline__ void raise(uint32_t* to, uint32_t value) {
    atomicMax(to, value);
  }
  static __device__ __forceinline__ void unite(uint32_t* to, uint32_t bits) { atomicOr(to, bits); }

  /// 16 bytes at an address that is a multiple of 16.
  static __device__ __forceinline__ Vector load(const void* from) {
    const uint4 loaded = *static_cast<const uint4*>(from);
    return {{loaded.x, loaded.y, loaded.z, loaded.w}};
  }
  /// To nearest, ties to even.
  static __device__ __forceinline__ int32_t rounded(float value) { return __float2int_rn(value); }
};

}  // namespace rangefinder::cuda
