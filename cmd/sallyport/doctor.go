package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/doctor"
)

type doctorCommand struct {
	asked
	URL       string   `arg:"" name:"url" help:"The MCP server, as people enter it: https://mcp.example.com/mcp"`
	Client    []string `placeholder:"ID" help:"Look for this client only (chatgpt, claude, vscode, …); give it again for more."`
	HTML      string   `name:"html" placeholder:"FILE" help:"Write the report as one web page as well, to attach to an issue; - is standard output."`
	SignIn    bool     `help:"Open a browser, and complete the flow with you: tokens, refresh, more permissions, revocation."`
	NoBrowser bool     `help:"Print the address to open instead. With --sign-in."`
	ClientID  string   `name:"client-id" placeholder:"ID" help:"Sign in as this client, where nobody can register; its redirect URI is http://127.0.0.1/sallyport-doctor."`
	Register  bool     `default:"true" negatable:"" help:"Register as clients do; what was registered is removed again where the server says how."`
}

// Each carries the exit status for scripts: the report has said why.
var (
	errTurnedAway = errors.New("some client will not connect")
	errDangerous  = errors.New("something here is dangerous")
)

func (c doctorCommand) Run(ctx context.Context, t terminal) error {
	if c.HTML == "-" && c.JSON {
		return misuse(errors.New("--html - and --json both write to standard output"), "give --html a file")
	}
	report, err := doctor.Examine(ctx, c.examination(ctx, t))
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
	if err := c.write(t, report); err != nil {
		return err
	}
	return turnedAway(report)
}

func (c doctorCommand) examination(ctx context.Context, t terminal) doctor.Config {
	config := doctor.Config{URL: c.URL, Clients: c.Client, Register: c.Register}
	if t.progress {
		config.Progress = func(what string) { fmt.Fprintf(t.err, "\r\x1b[K  %s…", cut(plain(what), 70)) }
	}
	if c.SignIn {
		config.SignIn = &doctor.SignIn{ClientID: c.ClientID, Open: func(address string) error {
			if t.progress {
				fmt.Fprint(t.err, "\r\x1b[K")
			}
			fmt.Fprintf(t.err, "Sign in, and allow “Sallyport doctor”:  %s\n", plain(address))
			if c.NoBrowser {
				return nil
			}
			// Where no browser can be opened, the address is there to be copied.
			_ = openBrowser(ctx, address)
			return nil
		}}
	}
	return config
}

func (c doctorCommand) write(t terminal, report doctor.Report) error {
	if c.HTML != "" {
		if err := writeTo(c.HTML, t.out, report.HTML); err != nil {
			return hint(err, "--html needs the name of a file that can be written")
		}
		if c.HTML == "-" {
			return nil
		}
	}
	if c.JSON {
		return printJSON(t.out, report)
	}
	return report.Text(t.out, doctor.Paper{Width: t.width, Colour: t.colour()})
}

// writeTo writes to a file, or to out where its name is a dash.
func writeTo(name string, out io.Writer, write func(io.Writer) error) error {
	if name == "-" {
		return write(out)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
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
	switch {
	case len(names) > 0:
	case slices.ContainsFunc(report.Findings, func(f doctor.Finding) bool { return f.Severity == doctor.Danger }):
		return silent{errDangerous}
	default:
		return nil
	}
	return silent{fmt.Errorf("%w: %s", errTurnedAway, strings.Join(names, ", "))}
}

// browserPatience is how long a program that opens browsers may take.
const browserPatience = 10 * time.Second
