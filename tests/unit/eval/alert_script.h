#pragma once

#include <string>
#include <string_view>

#include "rules/eval/rule.h"

/// Scripts for the alert state machine: the rule, then a table of what is measured and what must come of it.
///
///   raise critical > 95% for 30s clear < 90%     worst level first; levels are info < warning < high < critical
///   raise high > 85% for 2m clear < 80% for 1m   `for` takes a time or `4 of 5`
///   nodata raise critical after 5s               or keep, clear; without this line: keep after 1m
///   step 10s                                     how often the rule is evaluated
///
///   # time   value  state      event
///   0s       50%    inactive
///   1m       90%    pending
///   3m       90%    high       raised high
///   4m       -      high
///
/// Between two rows the rule is evaluated at every step with the value of the upper row, and no event may happen there.
/// `-` is no data; a `~` in front of the value means that only time passed (no new sample). States: inactive, pending,
/// clearing, nodata, or the level that is raised. Events: raised, up, down, cleared, each with its level, and `(no
/// data)` after it when missing data is the reason.
namespace tickbird::rules {

/// Empty when all went as the table says; else what differs, line by line.
std::string PlayAlertScript(std::string_view script);

/// The rule of a script's first lines.
AlertRule ParseScriptRule(std::string_view script);

}  // namespace tickbird::rules
