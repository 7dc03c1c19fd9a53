package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// The same series and values as in tests/bench/tsdb_data.h, so that both stores get the same bits.

func hostLabels(n int) labels.Labels {
	return labels.FromStrings("__name__", fmt.Sprintf("host_metric_%d_total", n%40), "job", "node",
		"instance", fmt.Sprintf("10.0.0.%d:9100", n/1000), "device", fmt.Sprintf("device%d", n/40%25),
		"mode", []string{"user", "system", "idle", "iowait"}[n%4])
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// hostSeries yields one value after the other, as a host does: two in five stand still, the rest are CPU seconds in
// hundredths, byte counters in bursts, and gauges with noise.
type hostSeries struct{ number, round, state uint64 }

func (s *hostSeries) next() float64 {
	s.round++
	random := mix(s.number<<32 | s.round)
	switch s.number % 10 {
	case 0, 1, 2, 3:
		return float64(s.number * 1024)
	case 4, 5, 6:
		s.state += random % 100
		return float64(s.state) / 100
	case 7, 8:
		if random%4 == 0 {
			s.state += (random >> 8) % 65536 * 17
		}
		return float64(s.state)
	default:
		s.state = 1 << 30
		return float64(s.state + (random%(1<<20))*4096)
	}
}

func pss() int64 {
	text, _ := os.ReadFile("/proc/self/smaps_rollup")
	for _, line := range strings.Split(string(text), "\n") {
		var kib int64
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kib); err == nil {
			return kib * 1024
		}
	}
	return 0
}

func benchOptions() *tsdb.Options {
	options := tsdb.DefaultOptions()
	options.WALCompression = compression.Snappy
	options.RetentionDuration = int64(20 * 365 * 24 * time.Hour / time.Millisecond)
	return options
}

// benchAppend measures the way of samples into the store, rounds of one sample a series, and prints JSON.
func benchAppend(args []string) error {
	flags := flag.NewFlagSet("append", flag.ContinueOnError)
	count := flags.Int("series", 100_000, "series")
	rounds := flags.Int("rounds", 60, "samples a series")
	start := flags.Int64("start", 1_700_000_000_000, "first timestamp, ms")
	step := flags.Duration("step", 15*time.Second, "between rounds")
	batch := flags.Int("batch", 0, "samples a commit; 0: a round")
	block := flags.Duration("block", 0, "cut blocks of this range beside the appends; 0: none")
	pace := flags.Duration("pace", 0, "sleep after each commit")
	compact := flags.Bool("compact", false, "at the end everything goes into blocks")
	directory, err := parse(flags, args)
	if err != nil {
		return err
	}
	options := benchOptions()
	if *block > 0 {
		options.MinBlockDuration, options.MaxBlockDuration = block.Milliseconds(), block.Milliseconds()*9
	}
	db, err := tsdb.Open(directory, complaints(), nil, options, nil)
	if err != nil {
		return err
	}
	db.DisableCompactions()
	series := make([]hostSeries, *count)
	refs := make([]storage.SeriesRef, *count)
	for n := range series {
		series[n].number = uint64(n)
	}
	if *batch == 0 {
		*batch = *count
	}
	runtime.GC()
	debug.FreeOSMemory()
	before := pss()

	result := map[string]any{"series": *count, "samples": *count * *rounds}
	best := math.Inf(1)
	var pauses []float64
	compacting := make(chan error, 1)
	compacting <- nil
	for round := range *rounds {
		var inside time.Duration // In the store, without computing values.
		for at := 0; at < *count; at += *batch {
			end := min(at+*batch, *count)
			values := make([]float64, end-at)
			for n := range values {
				values[n] = series[at+n].next()
			}
			one := time.Now()
			appender := db.Appender(context.Background())
			t := *start + int64(round)*step.Milliseconds()
			for n := at; n < end; n++ {
				ls := labels.EmptyLabels()
				if refs[n] == 0 {
					ls = hostLabels(n)
				}
				if refs[n], err = appender.Append(refs[n], ls, t, values[n-at]); err != nil {
					return err
				}
			}
			if err := appender.Commit(); err != nil {
				return err
			}
			took := time.Since(one)
			inside += took
			if round > 0 {
				pauses = append(pauses, took.Seconds()*1e3)
			}
			time.Sleep(*pace)
		}
		if round >= 3 {
			best = min(best, inside.Seconds())
		}
		if *block > 0 {
			select {
			case err := <-compacting:
				if err != nil {
					return err
				}
				go func() { compacting <- db.Compact(context.Background()) }()
			default:
			}
		}
	}
	if err := <-compacting; err != nil {
		return err
	}
	result["pss_as_is"] = pss() - before
	runtime.GC()
	debug.FreeOSMemory()
	result["pss_after_gc"] = pss() - before
	result["append_ns"] = best / float64(*count) * 1e9
	slices.Sort(pauses)
	if len(pauses) > 0 {
		result["batch_ms_p50"] = pauses[len(pauses)/2]
		result["batch_ms_p999"] = pauses[len(pauses)*999/1000]
		result["batch_ms_max"] = pauses[len(pauses)-1]
	}
	runtime.KeepAlive(refs)
	if *compact {
		if err := allToBlocks(db); err != nil {
			return err
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// allToBlocks cuts the rest of the head off and merges blocks while there is something to merge.
func allToBlocks(db *tsdb.DB) error {
	if err := db.Compact(context.Background()); err != nil {
		return err
	}
	head := db.Head()
	if head.MinTime() <= head.MaxTime() {
		if err := db.CompactHead(tsdb.NewRangeHead(head, head.MinTime(), head.MaxTime())); err != nil {
			return err
		}
	}
	return db.Compact(context.Background())
}

// benchOpen measures the start on a directory.
func benchOpen(args []string) (err error) {
	flags := flag.NewFlagSet("open", flag.ContinueOnError)
	directory, err := parse(flags, args)
	if err != nil {
		return err
	}
	began := time.Now()
	db, err := tsdb.Open(directory, complaints(), nil, benchOptions(), nil)
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	result := map[string]any{"seconds": seconds, "series": db.Head().NumSeries()}
	err = json.NewEncoder(os.Stdout).Encode(result)
	return errors.Join(err, db.Close())
}
