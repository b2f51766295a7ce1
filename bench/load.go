package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A wire is one connection that asks again and again. It is a few lines of
// HTTP/1.1 and no more, so that what is measured is the server.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(address string) (*wire, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// ask sends a request and returns the status and the body, which is good until
// the next call.
func (w *wire) ask(request []byte) (int, []byte, error) {
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, nil, errors.Join(err, errors.New("no status line"))
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, nil, err
	}
	length, err := w.header()
	if err != nil {
		return 0, nil, err
	}
	if length < 0 {
		return status, nil, errors.New("the answer has no Content-Length")
	}
	if cap(w.body) < length {
		w.body = make([]byte, length)
	}
	w.body = w.body[:length]
	_, err = io.ReadFull(w.in, w.body)
	return status, w.body, err
}

var contentLength = []byte("Content-Length: ")

// header reads to the end of the header and returns the length of the body.
func (w *wire) header() (int, error) {
	length := -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return length, nil
		case bytes.HasPrefix(line, contentLength):
			if length, err = strconv.Atoi(string(line[len(contentLength):])); err != nil {
				return 0, err
			}
		}
	}
}

// post writes a request once; it is sent many times.
func post(path, contentType, body string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n", path, contentType, len(body))
	for i := 0; i < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

const form = "application/x-www-form-urlencoded"

// A worker does one request on a wire.
type worker func(w *wire) error

// load has every worker ask on a connection of its own until the time is over,
// and returns how many requests a second were answered, and the latencies.
func load(ctx context.Context, address string, workers []worker, d time.Duration) (figures, error) {
	deadline := time.Now().Add(d)
	took := make([][]time.Duration, len(workers))
	errs := make([]error, len(workers))
	var all sync.WaitGroup
	began := time.Now()
	for i, work := range workers {
		all.Go(func() {
			w, err := dial(address)
			if err != nil {
				errs[i] = err
				return
			}
			defer w.conn.Close()
			for last := time.Now(); last.Before(deadline) && ctx.Err() == nil; {
				if err := work(w); err != nil {
					if !errors.Is(err, errOut) {
						errs[i] = err
					}
					return
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(last))
				last = now
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return figures{}, err
	}
	latencies := slices.Concat(took...)
	slices.Sort(latencies)
	if len(latencies) == 0 {
		return figures{}, errors.New("nothing was answered")
	}
	return figures{
		answered: len(latencies), perSecond: float64(len(latencies)) / time.Since(began).Seconds(),
		median: latencies[len(latencies)/2], p99: latencies[len(latencies)*99/100],
	}, nil
}

// errOut says that a worker has nothing left to do.
var errOut = errors.New("nothing left")

type figures struct {
	answered    int
	perSecond   float64
	cpu         float64 // microseconds of the server's processor time a request
	median, p99 time.Duration
}

// A side is one of the two that are compared.
type side struct {
	name    string
	address string
	pid     int
	workers func() ([]worker, error) // new ones for each round
}

// inTurn loads both sides in turn, round by round, after one to warm up. Each
// begins every other round, so that what the first leaves behind for the second,
// such as a busy disk, falls on both.
func (o options) inTurn(ctx context.Context, a, b side) (as, bs []figures, err error) {
	for round := range o.rounds + 1 {
		var got [2]figures
		for i := range got {
			which := (round + i) % 2
			s := [2]side{a, b}[which]
			if got[which], err = o.one(ctx, s); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
		if round > 0 {
			as, bs = append(as, got[0]), append(bs, got[1])
		}
	}
	return as, bs, nil
}

// pair compares two sides and prints the medians.
func (o options) pair(ctx context.Context, name string, a, b side) error {
	inA, inB, err := o.inTurn(ctx, a, b)
	if err != nil {
		return err
	}
	var as, bs, ratios, added []float64
	var p99, cpuA, cpuB []float64
	for i, fa := range inA {
		fb := inB[i]
		as, bs = append(as, fa.perSecond), append(bs, fb.perSecond)
		ratios = append(ratios, fa.perSecond/fb.perSecond)
		added = append(added, float64((fa.median - fb.median).Microseconds()))
		p99 = append(p99, float64(fa.p99.Microseconds()))
		cpuA, cpuB = append(cpuA, fa.cpu), append(cpuB, fb.cpu)
	}
	fmt.Printf("%-34s %8.0f/s   %s %8.0f/s   ratio %.2f (%.2f–%.2f)   median +%.0f µs, p99 %.1f ms, processor %.0f against %.0f µs\n", name,
		median(as), b.name, median(bs), median(ratios), slices.Min(ratios), slices.Max(ratios), median(added), median(p99)/1000,
		median(cpuA), median(cpuB))
	return nil
}

func (o options) one(ctx context.Context, s side) (figures, error) {
	workers, err := s.workers()
	if err != nil {
		return figures{}, err
	}
	return o.loaded(ctx, s, workers)
}

// loaded loads one side with workers that are there.
func (o options) loaded(ctx context.Context, s side, workers []worker) (figures, error) {
	before, err := processorTime(s.pid)
	if err != nil {
		return figures{}, err
	}
	f, err := load(ctx, s.address, workers, o.round)
	if err != nil {
		return f, err
	}
	after, err := processorTime(s.pid)
	f.cpu = float64((after - before).Microseconds()) / float64(f.answered)
	return f, err
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return v[len(v)/2]
}

// same is n workers that send one request and want a 200.
func same(n int, request []byte) []worker {
	workers := make([]worker, n)
	for i := range workers {
		workers[i] = func(w *wire) error {
			status, body, err := w.ask(request)
			if err == nil && status != 200 {
				err = fmt.Errorf("status %d: %s", status, body)
			}
			return err
		}
	}
	return workers
}
