package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// parse takes DIR and the flags in any order.
func parse(flags *flag.FlagSet, args []string) (string, error) {
	directory := ""
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return "", err
		}
		args = flags.Args()
		if len(args) > 0 {
			directory, args = args[0], args[1:]
		}
	}
	if directory == "" {
		return "", errors.New("which directory?")
	}
	return directory, nil
}

// complaints logs to stderr from warnings up: a store that opens with a complaint about our files is a failed test.
// Overlapping blocks are no complaint: they come from samples out of order.
func complaints() *slog.Logger {
	return slog.New(withoutOverlaps{slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})})
}

type withoutOverlaps struct{ slog.Handler }

func (h withoutOverlaps) Handle(ctx context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "Overlapping blocks") {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h withoutOverlaps) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutOverlaps{h.Handler.WithAttrs(attrs)}
}

func (h withoutOverlaps) WithGroup(name string) slog.Handler {
	return withoutOverlaps{h.Handler.WithGroup(name)}
}

// dump reads without changing anything, as promtool does. Prometheus' read-only view leaves out what the log holds from
// before the end of the last block, even when that block is one of samples out of order (tsdb/db.go,
// loadDataAsQueryable): ask check about such directories.
func dump(args []string) (err error) {
	flags := flag.NewFlagSet("dump", flag.ContinueOnError)
	min := flags.Int64("min", math.MinInt64, "first timestamp")
	max := flags.Int64("max", math.MaxInt64, "last timestamp")
	directory, err := parse(flags, args)
	if err != nil {
		return err
	}
	sandbox, err := os.MkdirTemp("", "promtsdb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(sandbox)
	db, err := tsdb.OpenDBReadOnly(directory, sandbox, complaints())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	querier, err := db.Querier(*min, *max)
	if err != nil {
		return err
	}
	defer querier.Close()
	found := newContent()
	if err := readSamples(querier, found); err != nil {
		return err
	}
	return found.print(os.Stdout)
}

// check opens the directory as a server does: repairs, replays, and takes over the lock.
func check(args []string) (err error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	window := flags.Duration("ooo", 24*time.Hour, "out-of-order window")
	blocks := flags.Bool("blocks", false, "compact what is due, before reading")
	directory, err := parse(flags, args)
	if err != nil {
		return err
	}
	options := tsdb.DefaultOptions()
	options.OutOfOrderTimeWindow = window.Milliseconds()
	options.EnableExemplarStorage = true
	options.MaxExemplars = 1 << 20
	options.RetentionDuration = int64(20 * 365 * 24 * time.Hour / time.Millisecond)
	db, err := tsdb.Open(directory, complaints(), nil, options, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.DisableCompactions()
	if *blocks {
		if err := db.Compact(context.Background()); err != nil {
			return err
		}
	}
	found := newContent()
	querier, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	defer querier.Close()
	if err := readSamples(querier, found); err != nil {
		return err
	}
	if err := readExemplars(db, found); err != nil {
		return err
	}
	return found.print(os.Stdout)
}

func readSamples(querier storage.Querier, found *content) error {
	all := labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".*")
	set := querier.Select(context.Background(), true, nil, all)
	var it chunkenc.Iterator
	for set.Next() {
		series := labelsText(set.At().Labels())
		it = set.At().Iterator(it)
		last := int64(math.MinInt64)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			var t int64
			switch kind {
			case chunkenc.ValFloat:
				var v float64
				t, v = it.At()
				found.add(series, t, floatText(v))
			default:
				var h *histogram.FloatHistogram
				t, h = it.AtFloatHistogram(nil)
				found.add(series, t, histogramText(h))
			}
			if t <= last {
				return fmt.Errorf("%s: %d comes after %d", series, t, last)
			}
			last = t
		}
		if err := it.Err(); err != nil {
			return fmt.Errorf("%s: %w", series, err)
		}
	}
	return set.Err()
}

func readExemplars(db *tsdb.DB, found *content) error {
	querier, err := db.ExemplarQuerier(context.Background())
	if err != nil {
		return err
	}
	all := labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".*")
	results, err := querier.Select(math.MinInt64, math.MaxInt64, []*labels.Matcher{all})
	if err != nil {
		return err
	}
	for _, result := range results {
		for _, e := range result.Exemplars {
			series := labelsText(result.SeriesLabels)
			found.exemplars[series] = append(found.exemplars[series], exemplarText(e))
		}
	}
	return nil
}
