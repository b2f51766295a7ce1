// Command bench measures the real binary on one machine: in pairs with
// something that does the least that could be done, in turn, several rounds,
// and it prints medians and the ratio pair by pair. It never fails because of a
// figure.
//
//	go run ./bench                 everything
//	go run ./bench -only refresh   what has this word in its name
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

func main() {
	// The program starts itself for what it compares with, so that each has a
	// process of its own, as the binary has.
	if len(os.Args) == 3 && os.Args[1] == "bare" {
		if err := bare(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "how many pairs are measured")
	flag.DurationVar(&o.round, "time", 3*time.Second, "how long each side of a pair is loaded")
	flag.IntVar(&o.connections, "connections", 64, "how many connections ask at once")
	flag.StringVar(&o.only, "only", "", "measure only what has this word in its name")
	flag.StringVar(&o.postgres, "postgres", os.Getenv("SALLYPORT_TEST_POSTGRES"), "a postgres:// URL of a server where databases may be made")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds      int
	round       time.Duration
	connections int
	only        string
	postgres    string
	binary      string
}

// run measures everything that was asked for.
func (o options) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "sallyport-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary, err = build(ctx, dir); err != nil {
		return err
	}
	fmt.Printf("%s, %d cores, %s/%s; %d rounds of %s a side, %d connections\n\n",
		runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, o.rounds, o.round, o.connections)
	for _, c := range o.cases() {
		if !strings.Contains(c.name, o.only) {
			continue
		}
		if c.skip != "" {
			fmt.Printf("%-34s left out: %s\n", c.name, c.skip)
			continue
		}
		if err := c.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// A case is one line of the results.
type benchCase struct {
	name    string
	skip    string
	measure func(context.Context) error
}

func (o options) cases() []benchCase {
	cases := []benchCase{
		{name: "start: ready and memory", measure: o.start},
		{name: "metadata document", measure: o.metadata},
	}
	noPostgres := ""
	if o.postgres == "" {
		noPostgres = "no -postgres URL is given"
	}
	for _, algorithm := range []string{"ES256", "RS256"} {
		for _, database := range []string{"SQLite", "PostgreSQL"} {
			skip := ""
			if database == "PostgreSQL" {
				skip = noPostgres
			}
			w := world{algorithm: algorithm, postgres: database == "PostgreSQL"}
			cases = append(cases,
				benchCase{"refresh, " + algorithm + ", " + database, skip, func(ctx context.Context) error { return o.refresh(ctx, w) }},
				benchCase{"code exchange, " + algorithm + ", " + database, skip, func(ctx context.Context) error { return o.exchange(ctx, w) }})
		}
	}
	for _, identity := range []string{"none", "jwt"} {
		cases = append(cases, benchCase{name: "guarded call, identity " + identity,
			measure: func(ctx context.Context) error { return o.guarded(ctx, identity) }})
	}
	cases = append(cases, benchCase{name: "one refresh token, 20 at once", measure: o.race})
	for _, what := range []string{"refresh", "code exchange", "guarded call", "none on either side"} {
		cases = append(cases, benchCase{name: "flow trace: " + what, measure: func(ctx context.Context) error { return o.flowTrace(ctx, what) }})
	}
	return cases
}
