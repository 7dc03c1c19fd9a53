#include "notifiers/store/store_batch.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tickbird::notify {
namespace {

template <class T>
void AppendBounded(std::deque<T>& log, T entry) {
  log.push_back(std::move(entry));
  if (log.size() > StoreBatch::kMaxLog) log.pop_front();
}

}  // namespace

void StoreBatch::Put(Incident incident) {
  const std::uint64_t id = incident.id();
  incidents_.insert_or_assign(id, std::move(incident));
}

void StoreBatch::Enqueue(Message message) {
  queued_.push_back(std::move(message));
}

void StoreBatch::Finish(DeliveryRecord record) {
  finished_.insert(record.key);
  AppendBounded(deliveries_, std::move(record));
}

void StoreBatch::Log(Decision decision) {
  AppendBounded(decisions_, std::move(decision));
}
void StoreBatch::Log(AckRecord ack) {
  AppendBounded(acks_, std::move(ack));
}

void StoreBatch::Merge(StoreBatch later) {
  for (auto& [id, incident] : later.incidents_) incidents_.insert_or_assign(id, std::move(incident));
  std::ranges::move(later.queued_, std::back_inserter(queued_));
  if (!later.finished_.empty()) {
    std::erase_if(queued_, [&](const Message& message) { return later.finished_.contains(message.key); });
    finished_.merge(later.finished_);
  }
  for (DeliveryRecord& record : later.deliveries_) AppendBounded(deliveries_, std::move(record));
  for (Decision& decision : later.decisions_) AppendBounded(decisions_, std::move(decision));
  for (AckRecord& ack : later.acks_) AppendBounded(acks_, std::move(ack));
}

bool StoreBatch::empty() const {
  return incidents_.empty() && queued_.empty() && finished_.empty() && deliveries_.empty() && decisions_.empty() &&
         acks_.empty();
}

}  // namespace tickbird::notify
