// Preloaded into `ate`: what the black-box tests start short commands with. LibTorch takes a quarter of a second to load,
// which is most of the time of a short command; here it is loaded once, and each command is a fork that goes into
// main. It is the same program, with the same arguments, folder and output files; harness.py asks for it.
//
//   ATE_FORK_SERVER  the descriptor of a SOCK_SEQPACKET socket. A message holds the descriptors of stdout, stderr and a
//                    pipe for the answer, and the working folder, changes of the environment, an empty word and the
//                    arguments, each with a NUL after it.
//                    The answer is the process's id and then its wait status, each with a newline after it.
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Main = int (*)(int, char**, char**);
Main program = nullptr;

constexpr int kDescriptors = 3;
struct Request {
  char text[1 << 16];
  ssize_t size = 0;
  int descriptors[kDescriptors];  // stdout, stderr, answer
};

bool receive(int socket, Request& request) {
  iovec part = {request.text, sizeof request.text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof request.descriptors)] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  request.size = recvmsg(socket, &message, 0);
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (request.size <= 0 || header == nullptr || header->cmsg_len != CMSG_LEN(sizeof request.descriptors))
    return false;
  std::memcpy(request.descriptors, CMSG_DATA(header), sizeof request.descriptors);
  return request.text[request.size - 1] == '\0';
}

int run(Request& request) {
  close(request.descriptors[2]);
  for (const int standard : {STDOUT_FILENO, STDERR_FILENO}) {
    dup2(request.descriptors[standard - 1], standard);
    close(request.descriptors[standard - 1]);
  }
  if (chdir(request.text) != 0) _exit(127);
  const char* const end = request.text + request.size;
  const auto after = [](char* word) { return word + std::strlen(word) + 1; };
  char* word = after(request.text);
  for (; word < end && *word != '\0'; word = after(word)) putenv(word);
  std::vector<char*> words;
  for (word = after(word); word < end; word = after(word)) words.push_back(word);
  const int count = static_cast<int>(words.size());
  words.push_back(nullptr);
  return program(count, words.data(), environ);
}

int serve(int argc, char** argv, char** environment) {
  const char* const given = std::getenv("ATE_FORK_SERVER");
  if (given == nullptr) return program(argc, argv, environment);
  const int socket = std::atoi(given);
  unsetenv("ATE_FORK_SERVER");  // what the program starts is no server
  unsetenv("LD_PRELOAD");
  static Request request;
  while (receive(socket, request)) {
    // A process between waits for the command and answers, so that several may run.
    if (fork() == 0) {
      close(socket);
      const pid_t command = fork();
      if (command == 0) std::exit(run(request));
      int status = 0;
      dprintf(request.descriptors[2], "%d\n", command);
      while (waitpid(command, &status, 0) < 0) {
      }
      dprintf(request.descriptors[2], "%d\n", status);
      _exit(0);
    }
    for (const int descriptor : request.descriptors) close(descriptor);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  while (wait(nullptr) > 0) {
  }
  _exit(0);
}

}  // namespace

// The C library's function that _start calls, with ours before main.
extern "C" int __libc_start_main(Main main, int argc, char** argv, Main init, void (*fini)(),
                                 void (*rtld_fini)(), void* stack_end) {
  using Start = int (*)(Main, int, char**, Main, void (*)(), void (*)(), void*);
  program = main;
  const auto start = reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
