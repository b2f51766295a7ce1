package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/sallyport-dev/sallyport/internal/config"
)

type serveCommand struct {
	which
	Listen    string   `placeholder:"HOST:PORT" help:"Where to listen; :8080 when nothing is said."`
	PublicURL string   `name:"public-url" placeholder:"URL" help:"Where people and clients reach this server: the issuer."`
	Protect   string   `placeholder:"URL" help:"Guard this running MCP server instead of the demo."`
	Command   []string `arg:"" optional:"" placeholder:"-- COMMAND" help:"After --: a stdio MCP server to start and guard."`
}

// Run opens the door and keeps it open until ctx ends.
func (c serveCommand) Run(ctx context.Context, t terminal) error {
	settings, err := c.settings(t)
	if err != nil {
		return err
	}
	log := logger(t, settings.Level())
	listener, err := listen(settings)
	if err != nil {
		return err
	}
	defer listener.Close()
	settings.ListeningAt(listener.Addr().String())

	in, err := open(ctx, settings, log, true)
	if err != nil {
		return err
	}
	defer in.close()
	d, err := build(ctx, in, log)
	if err != nil {
		return err
	}
	defer d.close()
	if err := c.greet(ctx, t, d); err != nil {
		return err
	}
	return d.serve(ctx, listener)
}

// settings are the file's, with the flags over them.
func (c serveCommand) settings(t terminal) (*config.Config, error) {
	settings, err := c.load(t)
	if err != nil {
		return nil, err
	}
	if c.Protect != "" && len(c.Command) > 0 {
		return nil, hint(errors.New("--protect and a command exclude each other"), "to guard several MCP servers, list them under resources in a settings file")
	}
	if c.Listen != "" {
		settings.Override("listen", "--listen", c.Listen)
	}
	if c.PublicURL != "" {
		settings.Override("public_url", "--public-url", c.PublicURL)
	}
	if c.Protect != "" {
		settings.Protect(c.Protect)
	}
	if len(c.Command) > 0 {
		settings.Command(c.Command)
	}
	return settings, settings.Validate()
}

// listen opens the listener first: whatever else fails, another server on the
// same port is found before anything is made.
func listen(c *config.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, hint(err, "another program listens there, or it is not allowed; choose another place with --listen")
	}
	if c.TLS.Mode != "files" {
		return l, nil
	}
	certificate, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	// BCP 195 (RFC 9325 §3.1.1): TLS 1.2 at least.
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"}}), nil
}

// logger writes text for people at a terminal and JSON for everything else.
func logger(t terminal, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if f, ok := t.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		// At a terminal every request's line would bury what was printed.
		o.Level = max(level, slog.LevelWarn)
		return slog.New(slog.NewTextHandler(t.err, o))
	}
	return slog.New(slog.NewJSONHandler(t.err, o))
}

// greet prints what a person can act on.
func (c serveCommand) greet(ctx context.Context, t terminal, d *door) error {
	people, err := d.in.store.People(ctx, "", 1)
	if err != nil {
		return err
	}
	resources := d.in.config.ProtectedResources()
	for _, r := range resources {
		fmt.Fprintf(t.out, "\n  Sallyport guards  %s   (%s)\n", r.ID, r.Name)
	}
	fmt.Fprintln(t.out)
	if len(people) == 0 {
		fmt.Fprintf(t.out, "  First person in:         %s   (works once)\n", d.auth.FirstRunURL())
	}
	first := resources[0]
	fmt.Fprintf(t.out, "  Add it to Claude Code:   claude mcp add --transport http %s %s\n", first.Name, first.ID)
	fmt.Fprintf(t.out, "  Other clients:           open %s in a browser\n\n", first.ID)
	if c.Protect == "" && len(c.Command) == 0 && first.Name == "demo" {
		fmt.Fprintln(t.out, "  This is the built-in demo. To guard your own MCP server:")
		fmt.Fprintln(t.out, "    sallyport serve --protect http://localhost:3001/mcp")
		fmt.Fprint(t.out, "    sallyport serve -- npx -y @modelcontextprotocol/server-everything\n\n")
	}
	return nil
}

// grace is how long requests in flight get to finish after a signal.
const grace = 10 * time.Second

// serve answers until ctx ends, lets what is in flight finish, and ends.
func (d *door) serve(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.background(background)
	}()
	server := &http.Server{
		Handler: d.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	d.log.Info("stopping: requests in flight finish")
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := server.Shutdown(deadline)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	stop()
	<-done
	return err
}
