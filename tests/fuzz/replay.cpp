// Drives a fuzz target without libFuzzer: every line of the seeds, then random changes of them, the same ones every time.
//   replay SEEDS [RUNS]
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "fuzz_target.hpp"

namespace {

std::vector<std::string> seeds_of(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> seeds{""};
  for (std::string line; std::getline(file, line);) seeds.push_back(line);
  return seeds;
}

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// One to four changes: a byte out of the seeds, a random one, a part taken out, doubled, or brought from another seed.
std::string changed(std::string input, const std::vector<std::string>& seeds, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::string& other = seeds[below(seeds.size())];
    const std::size_t at = below(input.size() + 1);
    const std::size_t other_at = below(other.size() + 1);
    const std::size_t length = below(8);
    switch (random() % 6) {
      case 0:
        if (at < input.size() && other_at < other.size()) input[at] = other[other_at];
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, input.substr(at, length));
        break;
      case 4:
        input.insert(at, other.substr(other_at, length));
        break;
      default:
        input = input.substr(0, at) + other.substr(other_at);
    }
  }
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::vector<std::string> seeds = seeds_of(arguments[1]);
  if (seeds.size() == 1) {
    std::cerr << "no seeds in " << arguments[1] << '\n';
    return 1;
  }
  for (const std::string& seed : seeds) run(seed);
  std::mt19937 random(20);
  const long runs = count == 3 ? std::stol(arguments[2]) : 20'000;
  std::string input;
  for (long i = 0; i < runs; ++i) {
    // Now and then a chain of changes goes on from the last input.
    if (random() % 3 != 0 || input.size() > 400) input = seeds[random() % seeds.size()];
    input = changed(input, seeds, random);
    run(input);
  }
  std::cout << seeds.size() << " seeds and " << runs << " changes of them\n";
}
