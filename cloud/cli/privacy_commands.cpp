#include <boost/json.hpp>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "cloud/cli/commands.hpp"
#include "crypto/privacy/gaussian_accountant.hpp"
#include "crypto/privacy/rdp_accountant.hpp"

namespace tributary::cli {
namespace {

namespace json = boost::json;

// What both calculators may be told of the task, to say what the noise does to the model.
struct Size {
  std::uint64_t devices = 0;
  std::uint64_t parameters = 0;
  bool given() const { return devices > 0 && parameters > 0; }
};

struct EpsilonQuestion {
  double noise_multiplier = 0;
  std::uint64_t participations = 1;
  double delta = 0;
  std::optional<double> sampling_rate;
  Size size;
  bool json = false;
};

struct NoiseQuestion {
  double epsilon = 0;
  double delta = 0;
  std::uint64_t participations = 1;
  Size size;
  bool json = false;
};

// CLI::Range lets "nan" through.
CLI::Validator number_where(const char* name, const char* demand, bool (*good)(double)) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool fine = CLI::detail::lexical_cast(text, value) && good(value);
        return fine ? std::string() : "Value " + text + " is not " + demand;
      },
      name);
}

CLI::Validator positive() {
  return number_where("ABOVE 0", "a finite number above 0",
                      [](double value) { return std::isfinite(value) && value > 0; });
}

CLI::Validator probability() {
  return number_where("BELOW 1", "above 0 and below 1",
                      [](double value) { return value > 0 && value < 1; });
}

void add_common(CLI::App& command, double& delta, std::uint64_t& participations, Size& size,
                bool& as_json) {
  command.add_option("--delta", delta, "Probability with which epsilon may fail, for example 1e-6")
      ->required()
      ->check(probability());
  command
      .add_option("--participations", participations,
                  "Releases a device takes part in; with --sampling-rate: all releases")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  auto* devices =
      command
          .add_option("--devices", size.devices, "Devices in a sum: also says what the noise does")
          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  auto* parameters = command.add_option("--parameters", size.parameters, "Parameters of the model")
                         ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 24));
  devices->needs(parameters);
  parameters->needs(devices);
  command.add_flag("--json", as_json, "Print JSON");
}

std::string figure(double value) {
  std::ostringstream text;
  text << std::setprecision(4) << value;
  return text.str();
}

std::string advice(double noise_multiplier, const Size& size) {
  const double ratio = privacy::noise_to_signal(noise_multiplier, size.parameters, size.devices);
  std::string text = "Expected noise over signal of a sum over " + std::to_string(size.devices) +
                     " devices and " + std::to_string(size.parameters) +
                     " parameters: " + figure(ratio) + " (" + figure(ratio * std::sqrt(2.0)) +
                     " when gateway and helper both add it).\n";
  if (ratio > 0.5) {
    text +=
        "That drowns the update: sum over more devices (global scope), train fewer parameters, "
        "or grant a larger epsilon.\n";
  }
  return text;
}

void print(json::object document, const std::string& text, double noise_multiplier,
           const Size& size, bool as_json) {
  if (!as_json) {
    std::cout << text << (size.given() ? advice(noise_multiplier, size) : "");
    return;
  }
  if (size.given()) {
    document["noise_to_signal"] =
        privacy::noise_to_signal(noise_multiplier, size.parameters, size.devices);
  }
  std::cout << json::serialize(document) << '\n';
}

void answer_epsilon(const EpsilonQuestion& question) {
  const auto& [z, participations, delta, rate, size, as_json] = question;
  const double epsilon = rate ? privacy::rdp_epsilon(*rate, z, participations, delta)
                              : privacy::gaussian_epsilon(z, participations, delta);
  std::string text =
      "epsilon " + figure(epsilon) + " at delta " + figure(delta) + ", after " +
      std::to_string(participations) +
      (rate ? " releases of which each samples a device with probability " + figure(*rate)
            : " participations of a device") +
      ", noise multiplier " + figure(z) + ".\n";
  text += rate ? "Renyi accounting; holds only against those who do not see who took part.\n"
               : "Exact Gaussian accounting; holds also against those who see who took part.\n";
  print({{"epsilon", epsilon}, {"accountant", rate ? "rdp" : "gaussian"}}, text, z, size, as_json);
}

void answer_noise(const NoiseQuestion& question) {
  const auto& [epsilon, delta, participations, size, as_json] = question;
  const double z = privacy::gaussian_noise_multiplier({epsilon, delta}, participations);
  const std::string text = "noise multiplier " + figure(z) + ": noise of " + figure(z) +
                           " times the clip keeps " + std::to_string(participations) +
                           " participations of a device within epsilon " + figure(epsilon) +
                           " at delta " + figure(delta) + ".\n";
  print({{"noise_multiplier", z}}, text, z, size, as_json);
}

}  // namespace

void add_privacy_commands(CLI::App& program) {
  auto* group = program.add_subcommand("privacy", "An offline calculator of differential privacy");
  group->require_subcommand(1);

  auto* epsilon = group->add_subcommand("epsilon", "What a noise multiplier costs");
  auto asked = std::make_shared<EpsilonQuestion>();
  epsilon
      ->add_option("--noise-multiplier", asked->noise_multiplier,
                   "Standard deviation of the noise over the clip")
      ->required()
      ->check(positive());
  epsilon
      ->add_option("--sampling-rate", asked->sampling_rate,
                   "Share of devices drawn for a release, independently and in secret")
      ->check(number_where("0 TO 1", "from 0 to 1",
                           [](double value) { return value >= 0 && value <= 1; }));
  add_common(*epsilon, asked->delta, asked->participations, asked->size, asked->json);
  epsilon->callback([asked] { answer_epsilon(*asked); });

  auto* noise = group->add_subcommand("noise", "The noise multiplier a budget needs");
  auto wanted = std::make_shared<NoiseQuestion>();
  noise->add_option("--epsilon", wanted->epsilon, "The budget")->required()->check(positive());
  add_common(*noise, wanted->delta, wanted->participations, wanted->size, wanted->json);
  noise->callback([wanted] { answer_noise(*wanted); });
}

}  // namespace tributary::cli
