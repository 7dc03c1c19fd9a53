package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// sample is a float or one of the two kinds of histograms.
type sample struct {
	value    float64
	integers *histogram.Histogram
	floats   *histogram.FloatHistogram
}

func (s sample) text() string {
	switch {
	case s.integers != nil:
		return histogramText(s.integers.ToFloat(nil))
	case s.floats != nil:
		return histogramText(s.floats)
	default:
		return floatText(s.value)
	}
}

// generator makes the samples of one series, from oldest to newest.
type generator struct {
	labels labels.Labels
	text   string
	floats bool // And no histograms.
	next   func(r *rand.Rand) sample
	// The series has samples in rounds first <= n < last only.
	first, last int
	ref         storage.SeriesRef
}

const floatKinds = 5

// makeSeries gives every kind of series the store must keep, in turn.
func makeSeries(r *rand.Rand, count, rounds int, withHistograms bool) []*generator {
	kinds := []func() func(*rand.Rand) sample{counter, gauge, constant, special, wild}
	if withHistograms {
		kinds = append(kinds, func() func(*rand.Rand) sample { return exponential(false, false) },
			func() func(*rand.Rand) sample { return exponential(true, false) },
			func() func(*rand.Rand) sample { return exponential(false, true) },
			func() func(*rand.Rand) sample { return custom(false) },
			func() func(*rand.Rand) sample { return custom(true) }, mixed)
	}
	series := make([]*generator, 0, count)
	for n := range count {
		kind := n % len(kinds)
		g := &generator{labels: seriesLabels(n, kind), next: kinds[kind](), floats: kind < floatKinds, last: rounds}
		g.text = labelsText(g.labels)
		switch n % 7 {
		case 3: // Comes and goes.
			g.first, g.last = rounds/5+r.IntN(rounds/5+1), rounds/2+r.IntN(rounds/5+1)
		case 5: // Starts late.
			g.first = rounds * 2 / 3
		}
		series = append(series, g)
	}
	return series
}

func seriesLabels(n, kind int) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set("__name__", fmt.Sprintf("tickbird_kind_%d", kind))
	b.Set("n", fmt.Sprint(n))
	switch n % 4 {
	case 1:
		b.Set("value", "quote \" backslash \\ line \n tab \t é 漢字")
	case 2:
		b.Set("empty_is_no_label", "")
		b.Set("long", fmt.Sprintf("%0300d", n))
	}
	return b.Labels()
}

// utf8Names renames every third series in a way that only Prometheus 3 has.
func utf8Names(series []*generator) {
	for n, g := range series {
		if n%3 != 1 {
			continue
		}
		b := labels.NewBuilder(g.labels)
		b.Set("__name__", g.labels.Get("__name__")+".tick/π")
		b.Set("ünï.cöde {}", "yes")
		g.labels = b.Labels()
		g.text = labelsText(g.labels)
	}
}

func counter() func(*rand.Rand) sample {
	total := 0.0
	return func(r *rand.Rand) sample {
		if r.IntN(200) == 0 {
			total = 0
		}
		total += float64(r.IntN(100))
		return sample{value: total}
	}
}

func gauge() func(*rand.Rand) sample {
	level := 50.0
	return func(r *rand.Rand) sample {
		level += r.NormFloat64()
		return sample{value: math.Round(level*100) / 100}
	}
}

func constant() func(*rand.Rand) sample {
	return func(*rand.Rand) sample { return sample{value: 1} }
}

// special values, whose bits must survive.
func special() func(*rand.Rand) sample {
	values := []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64,
		math.SmallestNonzeroFloat64, math.Float64frombits(value.StaleNaN), math.Float64frombits(0x7ff8000000000123), 1e-300}
	return func(r *rand.Rand) sample { return sample{value: values[r.IntN(len(values))]} }
}

// wild has bits that no codec likes.
func wild() func(*rand.Rand) sample {
	return func(r *rand.Rand) sample { return sample{value: math.Float64frombits(r.Uint64() &^ (1 << 62))} }
}

// exponential buckets that grow, get new neighbours, change their resolution, and start again.
func exponential(asFloat, asGauge bool) func(*rand.Rand) sample {
	var state *shape
	return func(r *rand.Rand) sample {
		if state == nil || r.IntN(90) == 0 {
			state = newShape(r)
		}
		if r.IntN(120) == 0 {
			return staleHistogram(asFloat)
		}
		state.observe(r, asGauge)
		return state.sample(asFloat, asGauge)
	}
}

func staleHistogram(asFloat bool) sample {
	stale := math.Float64frombits(value.StaleNaN)
	if asFloat {
		return sample{floats: &histogram.FloatHistogram{Sum: stale}}
	}
	return sample{integers: &histogram.Histogram{Sum: stale}}
}

// shape is a histogram as counts by bucket.
type shape struct {
	schema             int32
	width              float64
	bounds             []float64
	zero               uint64
	sum                float64
	positive, negative map[int32]uint64
}

func newShape(r *rand.Rand) *shape {
	return &shape{schema: int32(r.IntN(13)) - 4, width: []float64{0, 0.001, 1e-128, 2.5}[r.IntN(4)],
		positive: map[int32]uint64{}, negative: map[int32]uint64{}}
}

func (s *shape) observe(r *rand.Rand, asGauge bool) {
	for range r.IntN(6) {
		switch r.IntN(5) {
		case 0:
			s.zero++
		case 1:
			s.negative[int32(r.NormFloat64()*8)] += uint64(r.IntN(5) + 1)
		default:
			s.positive[int32(r.NormFloat64()*20)] += uint64(r.IntN(50) + 1)
		}
		s.sum += r.NormFloat64() * 10
	}
	if asGauge {
		for _, index := range sortedKeys(s.positive) {
			if r.IntN(10) == 0 {
				delete(s.positive, index)
			}
		}
	}
}

func (s *shape) sample(asFloat, asGauge bool) sample {
	h := &histogram.Histogram{Schema: s.schema, ZeroThreshold: s.width, ZeroCount: s.zero, Count: s.zero, Sum: s.sum,
		CustomValues: s.bounds}
	if asGauge {
		h.CounterResetHint = histogram.GaugeType
	}
	var counted uint64
	h.PositiveSpans, h.PositiveBuckets, counted = spansOf(s.positive)
	h.Count += counted
	h.NegativeSpans, h.NegativeBuckets, counted = spansOf(s.negative)
	h.Count += counted
	if !asFloat {
		return sample{integers: h}
	}
	f := h.ToFloat(nil)
	f.Count *= 0.37
	f.ZeroCount *= 0.37
	for i := range f.PositiveBuckets {
		f.PositiveBuckets[i] *= 0.37
	}
	for i := range f.NegativeBuckets {
		f.NegativeBuckets[i] *= 0.37
	}
	return sample{floats: f}
}

// spansOf lays buckets out; holes of one bucket are kept as empty buckets, as client libraries do.
func spansOf(buckets map[int32]uint64) (spans []histogram.Span, deltas []int64, total uint64) {
	end, before := int32(0), int64(0)
	push := func(count uint64) {
		spans[len(spans)-1].Length++
		deltas = append(deltas, int64(count)-before)
		before = int64(count)
		end++
	}
	for _, index := range sortedKeys(buckets) {
		switch {
		case len(spans) == 0 || index > end+1:
			spans = append(spans, histogram.Span{Offset: index - end})
			end = index
		case index == end+1:
			push(0)
		}
		push(buckets[index])
		total += buckets[index]
	}
	return spans, deltas, total
}

// custom buckets: classic bounds, now and then other ones.
func custom(asFloat bool) func(*rand.Rand) sample {
	var state *shape
	return func(r *rand.Rand) sample {
		if state == nil || r.IntN(100) == 0 {
			state = &shape{schema: histogram.CustomBucketsSchema, positive: map[int32]uint64{}}
			bound := r.Float64()
			for range r.IntN(8) + 3 {
				state.bounds = append(state.bounds, bound)
				bound += []float64{0.001, 0.5, 1, 12.345}[r.IntN(4)]
			}
		}
		for range r.IntN(4) {
			state.positive[int32(r.IntN(len(state.bounds)+1))] += uint64(r.IntN(9) + 1)
			state.sum += r.Float64()
		}
		return state.sample(asFloat, false)
	}
}

// mixed holds floats and histograms in turn.
func mixed() func(*rand.Rand) sample {
	parts := []func(*rand.Rand) sample{counter(), exponential(false, false), exponential(true, false), custom(false)}
	now := 0
	return func(r *rand.Rand) sample {
		if r.IntN(25) == 0 {
			now = r.IntN(len(parts))
		}
		return parts[now](r)
	}
}
