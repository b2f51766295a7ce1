package serving

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sallyport-dev/sallyport/resource"
)

// Alone is a server that is a program of its own and trusts a Sallyport
// elsewhere: it checks that one's access tokens by itself, with the keys that are
// published there.
type Alone struct {
	Issuer string // the URL of that Sallyport
	Listen string // host:port
	// Guard is what is guarded and how: Resource, whose ID is the URL of this server
	// as clients reach it, Tools, and what else there is to say. Issuer and Verifier
	// are filled in.
	Guard resource.Config
	Log   *slog.Logger
}

// Handler puts the guard before next, and its metadata where clients look. The
// error names what is wrong with the URLs.
func (a Alone) Handler(next http.Handler) (http.Handler, error) {
	verifier, err := resource.NewRemote(resource.RemoteConfig{Issuer: a.Issuer, Audience: a.Guard.Resource.ID})
	if err != nil {
		return nil, err
	}
	a.Guard.Issuer, a.Guard.Verifier = a.Issuer, verifier
	guard, err := resource.New(a.Guard)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(a.Guard.Resource.ID)
	if err != nil {
		return nil, err
	}
	metadata, err := resource.MetadataURL(a.Guard.Resource.ID)
	if err != nil {
		return nil, err
	}
	where, err := url.Parse(metadata)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(at.EscapedPath(), guard.Wrap(next))
	mux.Handle(where.EscapedPath(), guard.Metadata())
	if root := "/.well-known/oauth-protected-resource"; where.EscapedPath() != root {
		mux.Handle(root, guard.Metadata())
	}
	return mux, nil
}

// Serve serves next until ctx ends, and lets what is in flight finish. It says on
// out where it is.
func (a Alone) Serve(ctx context.Context, next http.Handler, out io.Writer) error {
	handler, err := a.Handler(next)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", a.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is at %s and listens on %s. It takes the tokens of %s.\n", a.Guard.Resource.Title, a.Guard.Resource.ID, l.Addr(), a.Issuer)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	deadline, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		return server.Close() // streams that only listen never end by themselves
	}
	return nil
}

// Main runs a program until it is interrupted, and ends the process with what it
// ended with: 1 for an error, which is printed behind name, and 2 where the flags
// were asked for.
func Main(name string, run func(ctx context.Context, args []string, out, diagnosis io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}
