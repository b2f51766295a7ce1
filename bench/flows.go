package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// flowTrace compares the server as it is with one that keeps no flow trace, or,
// to see how far apart two of a kind are here, two that keep none.
func (o options) flowTrace(ctx context.Context, what string) error {
	upstream, stop, err := startBare("upstream")
	if err != nil {
		return err
	}
	defer stop()
	o.connections /= 2
	var sides [2]side
	for i, keep := range []string{"", "0s"} {
		if what == "none on either side" {
			keep = "0s"
		}
		w := &world{algorithm: "ES256", keep: keep, identity: "none"}
		if what != "refresh" && what != "code exchange" {
			w.upstream = "http://" + upstream.address + "/mcp"
		}
		defer w.close()
		if err := w.open(ctx, o); err != nil {
			return err
		}
		workers, err := w.does(ctx, o, what)
		if err != nil {
			return err
		}
		sides[i] = w.server.side(workers)
	}
	var with, without, more []float64
	for round := range o.rounds + 1 {
		both, err := o.atOnce(ctx, sides)
		if err != nil {
			return err
		}
		if round > 0 {
			with, without = append(with, both[0].cpu), append(without, both[1].cpu)
			more = append(more, 100*(both[0].cpu/both[1].cpu-1))
		}
	}
	fmt.Printf("%-34s processor time a request %6.1f µs, without %6.1f µs: %s\n", "flow trace: "+what, median(with), median(without), spread(more))
	return nil
}

// atOnce loads two servers at the same time, each with half of the connections,
// so that whatever else the machine does falls on both. What is compared is their
// processor time: of two that compete, the clock says which was favoured.
func (o options) atOnce(ctx context.Context, sides [2]side) (both [2]figures, err error) {
	var workers [2][]worker
	for i, s := range sides {
		if workers[i], err = s.workers(); err != nil {
			return both, err
		}
	}
	var errs [2]error
	var all sync.WaitGroup
	for i, s := range sides {
		all.Go(func() { both[i], errs[i] = o.loaded(ctx, s, workers[i]) })
	}
	all.Wait()
	return both, errors.Join(errs[:]...)
}

// does is what a side of the flow trace's cost is asked.
func (w world) does(ctx context.Context, o options, what string) (func() ([]worker, error), error) {
	switch what {
	case "refresh":
		return w.rotations(ctx, o), nil
	case "code exchange":
		return w.redemptions(ctx, o, int(3_000*o.round.Seconds()))
	}
	return w.calls(ctx, o)
}

// spread is the median of percentages, between which half of them are, and the
// least and the greatest.
func spread(percent []float64) string {
	v := slices.Sorted(slices.Values(percent))
	n := len(v)
	return fmt.Sprintf("%+.1f %% (half %+.1f to %+.1f, all %+.1f to %+.1f)", median(v), v[n/4], v[n-1-n/4], v[0], v[n-1])
}
