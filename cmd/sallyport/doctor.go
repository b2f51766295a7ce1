package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sallyport-dev/sallyport/doctor"
)

type doctorCommand struct {
	asked
	URL      string   `arg:"" help:"The MCP server, as people enter it: https://mcp.example.com/mcp"`
	Client   []string `placeholder:"ID" help:"Look for this client only; give it again for more."`
	Register bool     `default:"true" negatable:"" help:"Register a client, as clients do; it is removed again where the server says how."`
}

// errTurnedAway carries the exit status for scripts: the report has said why.
var errTurnedAway = errors.New("some client will not connect")

func (c doctorCommand) Run(ctx context.Context, t terminal) error {
	config := doctor.Config{URL: c.URL, Clients: c.Client, Register: c.Register}
	if t.progress {
		config.Progress = func(what string) { fmt.Fprintf(t.err, "\r\x1b[K  %s…", cut(plain(what), 70)) }
	}
	report, err := doctor.Examine(ctx, config)
	if t.progress {
		fmt.Fprint(t.err, "\r\x1b[K")
	}
	switch {
	case errors.Is(err, doctor.ErrURL):
		return misuse(err, "sallyport doctor https://mcp.example.com/mcp")
	case err != nil:
		return misuse(err, "sallyport doctor --help shows what there is")
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if c.JSON {
		err = printJSON(t.out, report)
	} else {
		err = report.Text(t.out, doctor.Paper{Width: t.width, Colour: t.colour()})
	}
	if err != nil {
		return err
	}
	return turnedAway(report)
}

// turnedAway is the error that a script is to see: it is about the server that
// was looked at, and the report has said everything.
func turnedAway(report doctor.Report) error {
	var names []string
	for _, v := range report.Verdicts {
		if v.Outcome == doctor.WillNot {
			names = append(names, v.Client)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return silent{fmt.Errorf("%w: %s", errTurnedAway, strings.Join(names, ", "))}
}
