package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
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
	ports, err := listen(settings)
	if err != nil {
		return err
	}
	defer ports.close()
	settings.ListeningAt(ports.main.Addr().String())

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
	return d.serve(ctx, ports)
}

// settings are the file's, with the flags over them.
func (c serveCommand) settings(t terminal) (*config.Config, error) {
	settings, err := c.load(t)
	if err != nil {
		return nil, err
	}
	if c.Protect != "" && len(c.Command) > 0 {
		return nil, misuse(errors.New("--protect and a command exclude each other"), "to guard several MCP servers, list them under resources in a settings file")
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

// ports are where the server listens.
type ports struct {
	main    net.Listener
	metrics net.Listener // nil: /metrics is on main
}

func (p ports) close() {
	p.main.Close()
	if p.metrics != nil {
		p.metrics.Close()
	}
}

// listen opens the listeners first: whatever else fails, another server on the
// same port is found before anything is made.
func listen(c *config.Config) (ports, error) {
	var p ports
	var err error
	if p.main, err = listenAt(c.Listen, "--listen, or listen in the settings,"); err != nil {
		return p, err
	}
	if c.TLS.Mode == "files" {
		certificate, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
		if err != nil {
			p.close()
			return p, hint(err, "tls.cert names a PEM file with the certificate and its chain, tls.key one with its private key")
		}
		// BCP 195 (RFC 9325 §3.1.1): TLS 1.2 at least.
		p.main = tls.NewListener(p.main, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
			NextProtos: []string{"h2", "http/1.1"}})
	}
	if c.MetricsListen == "" {
		return p, nil
	}
	if p.metrics, err = listenAt(c.MetricsListen, "metrics_listen"); err != nil {
		p.close()
	}
	return p, err
}

// listenAt says what is in the way, and which setting names another place.
func listenAt(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, hint(fmt.Errorf("another program listens on %s already", address), "stop it, or choose another place: %s takes host:port", setting)
	case errors.Is(err, syscall.EACCES):
		return nil, hint(fmt.Errorf("it is not allowed to listen on %s", address), "ports below 1024 need a permission; choose another place: %s takes host:port", setting)
	}
	return nil, hint(err, "choose another place: %s takes host:port", setting)
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
	fmt.Fprintln(t.out)
	for i, r := range resources {
		does := "Sallyport guards "
		if !d.in.config.Resources[i].Guarded() {
			does = "It issues tokens for" // a library guards it elsewhere
		}
		fmt.Fprintf(t.out, "  %s %s   (%s)\n", does, r.ID, r.Name)
	}
	fmt.Fprintln(t.out)
	if len(people) == 0 {
		fmt.Fprintf(t.out, "  First person in:         %s   (works once)\n", d.auth.FirstRunURL())
	}
	for _, l := range d.in.config.Login {
		if what, where := toRegister(d.in.config, l); what != "" {
			fmt.Fprintf(t.out, "  %-24s %s\n", what+" "+l.Title+":", where)
		}
	}
	first := resources[0]
	fmt.Fprintf(t.out, "  Add it to Claude Code:   claude mcp add --transport http %s %s\n", first.Name, first.ID)
	fmt.Fprintf(t.out, "  Other clients:           open %s in a browser\n\n", first.ID)
	switch {
	case d.in.config.Resources[0].BuiltIn != "demo":
	case c.Config != "":
		fmt.Fprintf(t.out, "  %s is the built-in demo. To guard your own MCP server, name it in %s:\n", first.Name, c.Config)
		fmt.Fprint(t.out, "    resources: [{ name: tickets, path: /tickets/mcp, upstream: http://localhost:3001/mcp }]\n\n")
	default:
		fmt.Fprintln(t.out, "  This is the built-in demo. To guard your own MCP server:")
		fmt.Fprintln(t.out, "    sallyport serve --protect http://localhost:3001/mcp")
		fmt.Fprint(t.out, "    sallyport serve -- npx -y @modelcontextprotocol/server-everything\n\n")
	}
	return nil
}

// toRegister is what an operator says at the service of a login, before anybody can come
// in by it.
func toRegister(c *config.Config, l config.Login) (what, where string) {
	switch {
	case l.Type == "local", l.Type == "privy" && l.LoginURL != "":
		return "", ""
	case l.Type == "privy":
		return "Allowed origin at", c.PublicURL
	}
	return "Callback URL at", c.PublicURL + cmp.Or(l.CallbackPath, "/oauth/callback/"+l.Name)
}

// grace is how long requests in flight get to finish after a signal.
const grace = 10 * time.Second

// serve answers until ctx ends, lets what is in flight finish, and ends.
func (d *door) serve(ctx context.Context, p ports) error {
	background, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.background(background)
	}()
	failed := make(chan error, 2)
	server := d.server(d.handler())
	go func() { failed <- server.Serve(p.main) }()
	if p.metrics != nil {
		operations := d.server(d.operations())
		go func() { failed <- operations.Serve(p.metrics) }()
		defer operations.Close()
	}
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
	d.vault.Settle(deadline)
	stop()
	<-done
	return err
}

func (d *door) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
	}
}
