#include "gateway/engine/site_sum.hpp"

#include "gateway/round/device_rule.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr auto damaged = "stored updates are damaged";

SiteSum exact_sum(ChunkJournal& journal, const WordLayout& layout,
                  std::span<const round::Contribution> survivors) {
  auto words = journal.sum(layout, survivors);
  if (!words) return {damaged, {}, {}};
  return {{}, std::move(*words), {}};
}

SiteSum robust_sum(ChunkJournal& journal, const Admitted& round,
                   std::span<const round::Contribution> survivors) {
  const auto updates = journal.updates(round.layout, survivors);
  if (!updates) return {damaged, {}, {}};
  auto aggregate =
      round::aggregate_devices(round.context.encoding, round.context.aggregation, *updates);
  SiteSum sum{std::move(aggregate.fault), std::move(aggregate.words), {}};
  for (const auto index : aggregate.out_of_bounds) sum.left_out.push_back(survivors[index].device);
  for (const auto index : aggregate.not_believed) sum.left_out.push_back(survivors[index].device);
  return sum;
}

}  // namespace

std::uint64_t rule_bytes(const wire::Context& context, std::uint64_t devices) {
  if (context.aggregation.kind == robust::Kind::mean) return 0;
  return devices * (context.upload_bytes() + context.encoding.parameters * sizeof(float));
}

SiteSum site_sum(ChunkJournal& journal, const Admitted& round, const Hash& survivors_hash,
                 std::span<const round::Contribution> survivors,
                 const privacy::NoiseKey& noise_key) {
  const auto& context = round.context;
  auto sum = context.aggregation.kind == robust::Kind::mean
                 ? exact_sum(journal, round.layout, survivors)
                 : robust_sum(journal, round, survivors);
  if (sum.fault.empty()) add_gateway_noise(round, survivors_hash, noise_key, sum.words);
  return sum;
}

void add_gateway_noise(const Admitted& round, const Hash& survivors_hash,
                       const privacy::NoiseKey& noise_key, Bytes& words) {
  const auto& context = round.context;
  if (context.privacy.noise_multiplier <= 0) return;
  privacy::add_sum_noise(
      context.encoding, context.privacy, noise_key,
      {context.task, context.gateway, context.round, context.hash, survivors_hash}, words);
}

}  // namespace tributary::gateway::engine
