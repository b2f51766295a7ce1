// Command sallyport is the door in front of MCP servers: an OAuth 2.1
// authorization server and gateway. One file per subcommand; the rules are in
// the packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/sallyport-dev/sallyport/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		t.width = width
	}
	t.progress = term.IsTerminal(int(os.Stderr.Fd()))
	os.Exit(run(ctx, os.Args[1:], t))
}

// A terminal is what a command may read and write; tests bring their own.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) (string, bool)
	// width is how many columns there are to write in; 0 where out is no terminal.
	width int
	// progress says that somebody watches err, where a line may be written over.
	progress bool
}

// colour reports whether out may be painted. Anyone can say no with NO_COLOR.
func (t terminal) colour() bool {
	no, _ := t.env("NO_COLOR")
	return t.width > 0 && no == ""
}

// commands is every command that there is.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Open the door: run the authorization server and the gateway."`
	Doctor     doctorCommand     `cmd:"" help:"Look at any MCP server as each client would, and say what is wrong."`
	Users      usersCommand      `cmd:"" help:"The people who can sign in."`
	Clients    clientsCommand    `cmd:"" help:"The apps that may ask."`
	Grants     grantsCommand     `cmd:"" help:"Who allowed which app what."`
	Keys       keysCommand       `cmd:"" help:"The keys that sign tokens."`
	Flows      flowsCommand      `cmd:"" help:"Recent attempts to connect: which step failed, why, and what to do."`
	Audit      auditCommand      `cmd:"" help:"Who did what to which grant."`
	Config     configCommand     `cmd:"" help:"The settings: check them, show them, describe them."`
	DB         dbCommand         `cmd:"" name:"db" help:"The database."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	Completion completionCommand `cmd:"" help:"Print a completion script for a shell."`
}

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// exited carries an exit status out of kong, which would end the process.
type exited int

func run(ctx context.Context, args []string, t terminal) (status int) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exited:
			status = int(v)
		default:
			panic(v) // a fault, which must not look like success
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("sallyport"),
		kong.Description("The door in front of every MCP server: sign-in, consent and tokens for ChatGPT, Claude, Cursor and every other MCP client."),
		kong.Writers(t.out, t.err), kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return fail(t, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return fail(t, misunderstood(err))
	}
	if words := c.Serve.Command; len(words) > 0 && !slices.Contains(args, "--") {
		return fail(t, misuse(fmt.Errorf("what is %s?", words[0]), "a command to guard stands after --: sallyport serve -- %s; a settings file is named by --config", strings.Join(words, " ")))
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(t, parser)
	if err := parsed.Run(); err != nil {
		return fail(t, err)
	}
	return exitDone
}

// misunderstood says where the command that was meant is explained.
func misunderstood(err error) error {
	command := "sallyport"
	var at *kong.Node
	var parsing *kong.ParseError
	if errors.As(err, &parsing) {
		for _, step := range parsing.Context.Path {
			if step.Command != nil {
				at = step.Command
				command += " " + at.Name
			}
		}
	}
	if at != nil && len(at.Children) > 0 && strings.HasPrefix(err.Error(), "expected one of") {
		var names []string
		for _, child := range at.Children {
			names = append(names, child.Name)
		}
		err = errors.New("say which: " + strings.Join(names, ", "))
	}
	return misuse(err, "%s --help shows what there is", command)
}

// A hinted error comes with what to do about it.
type hinted struct {
	error
	hint   string
	misuse bool // it is about how the command was used
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

// misuse is hint, for a command that was used wrongly.
func misuse(err error, format string, args ...any) error {
	return hinted{error: err, hint: fmt.Sprintf(format, args...), misuse: true}
}

// A silent error is only an exit status: what is wrong was said.
type silent struct{ error }

func fail(t terminal, err error) int {
	if errors.As(err, &silent{}) {
		return exitFailed
	}
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) {
		return failSettings(t, mistakes)
	}
	fmt.Fprintf(t.err, "sallyport: %v\n", err)
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintf(t.err, "  hint: %s\n", h.hint)
	}
	if h.misuse {
		return exitUsage
	}
	return exitFailed
}

// failSettings lists what is wrong with the settings, each with its fix. What
// came from flags alone was used wrongly.
func failSettings(t terminal, mistakes config.Mistakes) int {
	if len(mistakes) == 1 {
		fmt.Fprintf(t.err, "sallyport: %v\n", mistakes)
	} else {
		fmt.Fprintf(t.err, "sallyport: the settings have %d mistakes\n", len(mistakes))
	}
	status := exitUsage
	for _, m := range mistakes {
		if len(mistakes) > 1 {
			fmt.Fprintf(t.err, "  %v\n", m)
		}
		if !strings.HasPrefix(m.File, "--") {
			status = exitFailed
		}
	}
	return status
}
