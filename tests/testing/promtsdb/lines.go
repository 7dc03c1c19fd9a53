package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// content is what a directory holds: by the text of the series and by timestamp, the rest of a line. It is both the
// truth that a writer keeps and what a reader found. Lines are described in README.md; the C++ side prints the same
// bytes (tests/testing/tsdb_lines.h).
type content struct {
	samples   map[string]map[int64]string
	exemplars map[string][]string
}

func newContent() *content {
	return &content{samples: map[string]map[int64]string{}, exemplars: map[string][]string{}}
}

func (c *content) add(series string, t int64, rest string) {
	if c.samples[series] == nil {
		c.samples[series] = map[int64]string{}
	}
	c.samples[series][t] = rest
}

// remove drops the samples of a series with min <= t <= max.
func (c *content) remove(series string, min, max int64) {
	for t := range c.samples[series] {
		if t >= min && t <= max {
			delete(c.samples[series], t)
		}
	}
}

func (c *content) print(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	for _, series := range sortedKeys(c.samples) {
		times := sortedKeys(c.samples[series])
		for _, t := range times {
			fmt.Fprintf(out, "{\"s\":%s,\"t\":%d,%s}\n", series, t, c.samples[series][t])
		}
	}
	for _, series := range sortedKeys(c.exemplars) {
		for _, rest := range c.exemplars[series] {
			fmt.Fprintf(out, "{\"s\":%s,%s}\n", series, rest)
		}
	}
	return out.Flush()
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// quoted escapes what JSON must have escaped and nothing else.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20:
			fmt.Fprintf(&b, "\\u%04x", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func labelsText(ls labels.Labels) string {
	var b strings.Builder
	b.WriteByte('{')
	ls.Range(func(l labels.Label) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(l.Name) + ":" + quoted(l.Value))
	})
	b.WriteByte('}')
	return b.String()
}

func bits(v float64) string { return fmt.Sprintf("\"%016x\"", math.Float64bits(v)) }

func floatText(v float64) string { return "\"f\":" + bits(v) }

// histogramText compares what a histogram says, not how it is laid out: spans may be cut differently, and buckets
// without counts be there or not. Of the hints only "gauge" survives a restart for sure.
func histogramText(h *histogram.FloatHistogram) string {
	if value.IsStaleNaN(h.Sum) {
		return `"h":"stale"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, `"h":{"schema":%d,"gauge":%t,"count":%s,"sum":%s`, h.Schema, h.CounterResetHint == histogram.GaugeType,
		bits(h.Count), bits(h.Sum))
	if h.UsesCustomBuckets() {
		b.WriteString(`,"bounds":[`)
		for i, bound := range h.CustomValues {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(bits(bound))
		}
		b.WriteByte(']')
	} else {
		fmt.Fprintf(&b, `,"width":%s,"zero":%s`, bits(h.ZeroThreshold), bits(h.ZeroCount))
	}
	b.WriteString(`,"positive":` + bucketsText(h.PositiveSpans, h.PositiveBuckets))
	b.WriteString(`,"negative":` + bucketsText(h.NegativeSpans, h.NegativeBuckets))
	b.WriteByte('}')
	return b.String()
}

func bucketsText(spans []histogram.Span, counts []float64) string {
	var b strings.Builder
	b.WriteByte('{')
	index, next := int64(0), 0
	for _, span := range spans {
		index += int64(span.Offset)
		for range span.Length {
			if counts[next] != 0 {
				if b.Len() > 1 {
					b.WriteByte(',')
				}
				b.WriteString(`"` + strconv.FormatInt(index, 10) + `":` + bits(counts[next]))
			}
			index++
			next++
		}
	}
	b.WriteByte('}')
	return b.String()
}

func exemplarText(e exemplar.Exemplar) string {
	return fmt.Sprintf(`"t":%d,"e":%s,"v":%s`, e.Ts, labelsText(e.Labels), bits(e.Value))
}
