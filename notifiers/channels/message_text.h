#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notifiers/pipeline/message.h"

/// What channels for people have in common: the words of a message, before any channel's escaping.
namespace tickbird::notify {

/// How a message looks and how loudly it asks for attention.
enum class Tone { kCleared, kInfo, kWarning, kHigh, kCritical };

Tone ToneOf(const Message& message);
/// The colour as "#rrggbb"; readable under white text.
std::string_view ToneColour(Tone tone);

/// "[high] Memory at 87% on a"; the brackets say what is new: a level, "was high", a reminder, a step, the clear. One
/// line, at most `max_runes` code points.
std::string Headline(const Message& message, std::size_t max_runes);
/// As above for one message; for several "[digest] 7 alerts, worst: critical".
std::string Headline(const std::vector<Message>& messages, std::size_t max_runes);

/// Names and values worth a row each: level, value against condition, since when and for how long, what the cooldown
/// held back.
std::vector<std::pair<std::string, std::string>> Facts(const Message& message);

/// "tickbird ack 0123456789abcdef" for a message that somebody should take; empty otherwise.
std::string AckCommand(const Message& message);

/// The value in the unit that the condition is written in: 0.873 against "> 85% for 2m" is "87.3%".
std::string FormatMeasured(double value, std::string_view condition);

/// At most `max_runes` code points; what is longer ends in "…". Never cuts inside a code point.
std::string CutRunes(std::string_view text, std::size_t max_runes);

}  // namespace tickbird::notify
