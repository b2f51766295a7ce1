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
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv}))
}

// A terminal is what a command may read and write; tests bring their own.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) (string, bool)
}

// commands is every command that there is.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Open the door: run the authorization server and the gateway."`
	Users      usersCommand      `cmd:"" help:"The people who can sign in."`
	Clients    clientsCommand    `cmd:"" help:"The apps that may ask."`
	Grants     grantsCommand     `cmd:"" help:"Who allowed which app what."`
	Keys       keysCommand       `cmd:"" help:"The keys that sign tokens."`
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
		if code, ok := recover().(exited); ok {
			status = int(code)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("sallyport"),
		kong.Description("The door in front of every MCP server: sign-in, consent and tokens for ChatGPT, Claude, Cursor and every other MCP client."),
		kong.Writers(t.out, t.err), kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.UsageOnError())
	if err != nil {
		return fail(t, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(t.err, "sallyport: %v\n", err)
		fmt.Fprintln(t.err, "  hint: sallyport --help lists the commands, sallyport COMMAND --help what each takes")
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(t, parser)
	if err := parsed.Run(); err != nil {
		return fail(t, err)
	}
	return exitDone
}

// A hinted error comes with what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

func fail(t terminal, err error) int {
	fmt.Fprintf(t.err, "sallyport: %v\n", err)
	var h hinted
	if errors.As(err, &h) {
		fmt.Fprintf(t.err, "  hint: %s\n", h.hint)
	}
	return exitFailed
}
