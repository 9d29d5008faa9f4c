// What XLA gives a function of kspec's, and what it takes from it.
//
// This stands on the C interface of XLA's foreign functions. jaxlib has one in C++ over it, whose
// headers alone take a compiler longer than any kernel does.

#ifndef KSPEC_NATIVE_CALL_H_
#define KSPEC_NATIVE_CALL_H_

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <tuple>

#include "xla/ffi/api/c_api.h"

namespace {

using Size = int64_t;

// Why a call failed; nothing where it did not.
struct Error {
  XLA_FFI_Error_Code code = XLA_FFI_Error_Code_OK;
  const char* message = nullptr;

  bool failed() const { return code != XLA_FFI_Error_Code_OK; }
};

Error misfit(const char* message) { return {XLA_FFI_Error_Code_INVALID_ARGUMENT, message}; }
Error no_memory() { return {XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "no memory is left"}; }

struct Axes {
  const Size* first;
  Size rank;

  Size size() const { return rank; }
  const Size* begin() const { return first; }
  const Size* end() const { return first + rank; }
  Size operator[](Size axis) const { return first[axis]; }
};

template <typename Number>
struct Typed;  // XLA's name of a type
template <>
struct Typed<float> {
  static constexpr auto name = XLA_FFI_DataType_F32;
};
template <>
struct Typed<bool> {
  static constexpr auto name = XLA_FFI_DataType_PRED;
};
template <>
struct Typed<Size> {
  static constexpr auto name = XLA_FFI_DataType_S64;
};

// An operand, or where a result goes.
template <typename Number>
struct Buffer {
  const XLA_FFI_Buffer* buffer;

  Axes dimensions() const { return {buffer->dims, buffer->rank}; }
  Number* typed_data() const { return static_cast<Number*>(buffer->data); }
  Size element_count() const {
    Size count = 1;
    for (Size size : dimensions()) count *= size;
    return count;
  }
};

template <typename Number>
struct Result : Buffer<Number> {};

using Array = Buffer<float>;
using Flags = Buffer<bool>;

// Threads of XLA, on which tasks run at some time, or at once where there are none.
struct Threads {
  XLA_FFI_CallFrame* call;

  Size count() const {
    int64_t count = 0;
    XLA_FFI_ThreadPool_NumThreads_Args asked{};
    asked.struct_size = XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE;
    asked.ctx = call->ctx;
    asked.num_threads = &count;
    forget(call->api->XLA_FFI_ThreadPool_NumThreads(&asked));
    return count > 1 ? count : 1;
  }

  template <typename Task>
  void start(Task task) const {
    auto* own = new Task(task);
    XLA_FFI_ThreadPool_Schedule_Args asked{};
    asked.struct_size = XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE;
    asked.ctx = call->ctx;
    asked.data = own;
    asked.task = [](void* data) {
      auto* task = static_cast<Task*>(data);
      (*task)();
      delete task;
    };
    if (forget(call->api->XLA_FFI_ThreadPool_Schedule(&asked))) asked.task(own);
  }

  // Whether there was an error.
  bool forget(XLA_FFI_Error* error) const {
    if (!error) return false;
    XLA_FFI_Error_Destroy_Args asked{};
    asked.struct_size = XLA_FFI_Error_Destroy_Args_STRUCT_SIZE;
    asked.error = error;
    call->api->XLA_FFI_Error_Destroy(&asked);
    return true;
  }
};

// The parts of a call, taken one after the other.
struct Taking {
  XLA_FFI_CallFrame* call;
  const char* const* name;  // of the next attribute
  Size operands = 0, results = 0, attributes = 0;
  bool fits = true;

  template <typename Number>
  Number attribute() {
    const XLA_FFI_Attrs& all = call->attrs;
    const char* wanted = name[attributes++];
    for (Size at = 0; at < all.size; at++) {
      const XLA_FFI_ByteSpan& found = *all.names[at];
      if (found.len != std::strlen(wanted) || std::memcmp(found.ptr, wanted, found.len)) continue;
      const auto* scalar = static_cast<const XLA_FFI_Scalar*>(all.attrs[at]);
      if (all.types[at] == XLA_FFI_AttrType_SCALAR && scalar->dtype == Typed<Number>::name)
        return *static_cast<const Number*>(scalar->value);
    }
    fits = false;
    return {};
  }

  template <typename Number>
  const XLA_FFI_Buffer* buffer(void** all, Size count, Size at) {
    const auto* found = at < count ? static_cast<const XLA_FFI_Buffer*>(all[at]) : nullptr;
    fits = fits && found && found->dtype == Typed<Number>::name;
    return found;
  }

  bool all() const {
    return fits && operands == call->args.size && results == call->rets.size;
  }
};

template <typename Part>
struct Taken {
  static Part from(Taking& taking) { return taking.attribute<Part>(); }
};
template <>
struct Taken<Threads> {
  static Threads from(Taking& taking) { return {taking.call}; }
};
template <typename Number>
struct Taken<Buffer<Number>> {
  static Buffer<Number> from(Taking& taking) {
    const XLA_FFI_Args& all = taking.call->args;
    return {taking.buffer<Number>(all.args, all.size, taking.operands++)};
  }
};
template <typename Number>
struct Taken<Result<Number>> {
  static Result<Number> from(Taking& taking) {
    const XLA_FFI_Rets& all = taking.call->rets;
    return {{taking.buffer<Number>(all.rets, all.size, taking.results++)}};
  }
};

XLA_FFI_Error* told(const XLA_FFI_CallFrame* call, Error error) {
  if (!error.failed()) return nullptr;
  XLA_FFI_Error_Create_Args asked{};
  asked.struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE;
  asked.message = error.message;
  asked.errc = error.code;
  return call->api->XLA_FFI_Error_Create(&asked);
}

// Call a function with threads, operands, results and attributes, as it takes them.
template <typename... Parts>
XLA_FFI_Error* handle(XLA_FFI_CallFrame* call, Error (*function)(Parts...),
                      std::initializer_list<const char*> attributes) {
  const auto* extension = call->extension_start;
  if (extension && extension->type == XLA_FFI_Extension_Metadata) {
    auto* about = reinterpret_cast<const XLA_FFI_Metadata_Extension*>(extension)->metadata;
    about->api_version.struct_size = XLA_FFI_Api_Version_STRUCT_SIZE;
    about->api_version.extension_start = nullptr;
    about->api_version.major_version = XLA_FFI_API_MAJOR;
    about->api_version.minor_version = XLA_FFI_API_MINOR;
    about->traits = 0;
    about->state_type_id.type_id = 0;
    return nullptr;
  }
  Taking taking{call, attributes.begin()};
  std::tuple<Parts...> parts{Taken<Parts>::from(taking)...};
  if (!taking.all()) return told(call, misfit("these are not the operands of this function"));
  try {
    return told(call, std::apply(function, parts));
  } catch (const std::bad_alloc&) {
    return told(call, no_memory());
  }
}

}  // namespace

// A function under a name that XLA can be told, with the names of its attributes in their order.
#define KSPEC_HANDLER(name, function, ...)                            \
  extern "C" XLA_FFI_Error* name(XLA_FFI_CallFrame* call) {           \
    return handle(call, function, {__VA_ARGS__});                     \
  }

#endif  // KSPEC_NATIVE_CALL_H_
