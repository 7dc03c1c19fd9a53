package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/compression"
)

// writer fills a directory and keeps the truth about it.
type writer struct {
	db     *tsdb.DB
	random *rand.Rand
	series []*generator
	truth  *content
	start  int64
	step   int64

	window                   int64 // Out-of-order window, ms.
	exemplars, oooHistograms bool
}

func write(args []string) error {
	flags := flag.NewFlagSet("write", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "of all that is random")
	count := flags.Int("series", 44, "series")
	rounds := flags.Int("rounds", 600, "samples a series")
	start := flags.Int64("start", 1_700_000_000_000, "first timestamp, ms")
	step := flags.Duration("step", 15*time.Second, "between rounds")
	histograms := flags.Bool("histograms", true, "native histograms too")
	utf8 := flags.Bool("utf8", true, "names as only Prometheus 3 has them")
	window := flags.Duration("ooo", 0, "out-of-order window; 0: no such samples")
	oooHistograms := flags.Bool("ooo-histograms", false, "histograms out of order too, and floats between histograms")
	exemplars := flags.Bool("exemplars", false, "exemplars")
	deletes := flags.Bool("deletes", false, "delete some samples at two thirds and at the end")
	block := flags.Duration("block", 0, "range of a block; 0: all stays in the head")
	levels := flags.Int("levels", 1, "largest block in units of the smallest, times 3 each")
	walCompression := flags.String("compression", "snappy", "snappy, zstd or none")
	segment := flags.Int("segment", 128*1024, "bytes of a log segment")
	encoding := flags.String("encoding", "xor", "of float chunks: xor or xor2")
	snapshot := flags.Bool("snapshot", false, "memory snapshot at the end")
	clean := flags.Bool("clean", true, "close the store; otherwise end as a crash does")
	directory, err := parse(flags, args)
	if err != nil {
		return err
	}

	options := tsdb.DefaultOptions()
	options.RetentionDuration = int64(20 * 365 * 24 * time.Hour / time.Millisecond)
	options.WALCompression = compression.Type(*walCompression)
	options.WALSegmentSize = *segment
	options.OutOfOrderTimeWindow = window.Milliseconds()
	options.EnableExemplarStorage = *exemplars
	options.MaxExemplars = 1 << 20
	options.EnableMetadataWALRecords = true
	options.EnableMemorySnapshotOnShutdown = *snapshot
	if *encoding == "xor2" {
		options.FloatChunkEncoding = chunkenc.EncXOR2
	}
	if *block > 0 {
		options.MinBlockDuration = block.Milliseconds()
		options.MaxBlockDuration = block.Milliseconds()
		for range *levels - 1 {
			options.MaxBlockDuration *= 3
		}
	} else {
		options.MinBlockDuration = int64(1000 * time.Hour / time.Millisecond)
		options.MaxBlockDuration = options.MinBlockDuration
	}
	db, err := tsdb.Open(directory, complaints(), nil, options, nil)
	if err != nil {
		return err
	}
	db.DisableCompactions()

	random := rand.New(rand.NewPCG(*seed, 0))
	w := &writer{db: db, random: random, series: makeSeries(random, *count, *rounds, *histograms), truth: newContent(),
		start: *start, step: step.Milliseconds(), window: window.Milliseconds(), exemplars: *exemplars,
		oooHistograms: *oooHistograms}
	if *utf8 {
		utf8Names(w.series)
	}
	if err := w.run(*rounds, *deletes, *block > 0); err != nil {
		return err
	}
	if *clean {
		if err := db.Close(); err != nil {
			return err
		}
	}
	return w.truth.print(os.Stdout)
}

func (w *writer) run(rounds int, deletes, compact bool) error {
	for n := range rounds {
		if err := w.round(n); err != nil {
			return err
		}
		if n%50 == 49 {
			w.db.ForceHeadMMap()
			if compact {
				if err := w.db.Compact(context.Background()); err != nil {
					return err
				}
			}
		}
		if deletes && (n == rounds*2/3 || n == rounds-1) {
			if err := w.delete(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// round appends one sample to each series that is alive, and some late ones.
func (w *writer) round(n int) error {
	appender := w.db.Appender(context.Background())
	now := w.start + int64(n)*w.step
	for i, g := range w.series {
		if n < g.first || n >= g.last {
			continue
		}
		// Scrapes are not on the dot.
		if err := w.append(appender, g, now+int64(w.random.IntN(3))*int64(w.random.IntN(40)), g.next(w.random)); err != nil {
			return err
		}
		if n == g.first {
			if _, err := appender.UpdateMetadata(g.ref, g.labels, metadata.Metadata{Type: "gauge", Help: "Series of a test.", Unit: "ticks"}); err != nil {
				return err
			}
		}
		if w.exemplars && (n+i)%40 == 0 {
			if err := w.exemplar(appender, g, now); err != nil {
				return err
			}
		}
	}
	if err := appender.Commit(); err != nil {
		return err
	}
	if w.window > 0 && n > 10 {
		return w.late(now)
	}
	return nil
}

func (w *writer) append(appender storage.Appender, g *generator, t int64, s sample) (err error) {
	if s.integers == nil && s.floats == nil {
		g.ref, err = appender.Append(g.ref, g.labels, t, s.value)
	} else {
		g.ref, err = appender.AppendHistogram(g.ref, g.labels, t, s.integers, s.floats)
	}
	if err != nil {
		return fmt.Errorf("%s at %d: %w", g.text, t, err)
	}
	w.truth.add(g.text, t, s.text())
	return nil
}

// late appends samples of the past at times that nobody has: those in order are at most 80 ms after a step.
func (w *writer) late(now int64) error {
	appender := w.db.Appender(context.Background())
	for _, g := range w.series {
		if len(w.truth.samples[g.text]) == 0 || w.random.IntN(4) != 0 || !g.floats && !w.oooHistograms {
			continue
		}
		reach := min(w.window*9/10, now-w.start)
		t := now - w.random.Int64N(reach+1)
		t = t - (t-w.start)%w.step + w.step/2
		if t >= now {
			continue
		}
		if _, taken := w.truth.samples[g.text][t]; taken {
			continue
		}
		s := sample{value: float64(t % 1000)}
		if w.oooHistograms && w.random.IntN(2) == 0 {
			s = exponential(false, false)(w.random)
		}
		if err := w.append(appender, g, t, s); err != nil {
			// Older than the window, counted from the newest sample of all.
			if errors.Is(err, storage.ErrTooOldSample) || errors.Is(err, storage.ErrOutOfBounds) {
				continue
			}
			return err
		}
	}
	return appender.Commit()
}

func (w *writer) exemplar(appender storage.Appender, g *generator, t int64) error {
	e := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", fmt.Sprintf("%016x", w.random.Uint64())), Value: w.random.Float64(), Ts: t, HasTs: true}
	if _, err := appender.AppendExemplar(g.ref, g.labels, e); err != nil {
		return err
	}
	w.truth.exemplars[g.text] = append(w.truth.exemplars[g.text], exemplarText(e))
	return nil
}

// delete hides a piece of some series, whole series, and a piece of all, never within the window: what comes late into
// a deleted interval is another question.
func (w *writer) delete(n int) error {
	end := w.start + int64(n)*w.step - w.window - w.step
	length := int64(n) * w.step / 20
	pieces := []struct {
		from, to int64
		matcher  *labels.Matcher
	}{
		{end - 2*length, end - length, labels.MustNewMatcher(labels.MatchRegexp, "n", "[0-9]*[13]")},
		{end - 9*length, end - 4*length, labels.MustNewMatcher(labels.MatchRegexp, "n", "[0-9]*[27]")},
		{w.start - 1, end, labels.MustNewMatcher(labels.MatchEqual, "n", "4")},
		{end - 6*length, end - 6*length + 5*w.step, labels.MustNewMatcher(labels.MatchNotEqual, "n", "")},
	}
	for _, piece := range pieces {
		if err := w.db.Delete(context.Background(), piece.from, piece.to, piece.matcher); err != nil {
			return err
		}
		for _, g := range w.series {
			if piece.matcher.Matches(g.labels.Get("n")) {
				w.truth.remove(g.text, piece.from, piece.to)
			}
		}
	}
	return nil
}
