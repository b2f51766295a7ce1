// Command chess is the chess server as a program of its own, which trusts a
// Sallyport elsewhere: it checks that one's access tokens by itself, with the keys
// that are published there.
//
//	chess --issuer https://mcp.example.com --resource https://chess.example.com/mcp
//
// There, the resource has the same URL, no upstream, and the scope chess:play.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

func main() { serving.Main("chess", run) }

// settings are the flags.
type settings struct{ issuer, resource, listen, data, stockfish string }

func readFlags(args []string, diagnosis io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("chess", flag.ContinueOnError)
	f.SetOutput(diagnosis)
	f.StringVar(&s.issuer, "issuer", "", "the `URL` of the Sallyport that issues the tokens")
	f.StringVar(&s.resource, "resource", "", "the `URL` of this server as clients reach it, and as it is called in that Sallyport's settings")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8081", "where to listen, `host:port`")
	f.StringVar(&s.data, "data", "chess.db", "the `file` in which people's games are kept")
	f.StringVar(&s.stockfish, "stockfish", "", "the `program` of the engine; none plays without one (default: found where programs are)")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("%q is not a flag", f.Arg(0))
	case s.issuer == "" || s.resource == "":
		return s, errors.New("--issuer and --resource are needed, such as --issuer https://mcp.example.com --resource https://chess.example.com/mcp")
	}
	return s, nil
}

// run serves until ctx ends, and lets what is in flight finish.
func run(ctx context.Context, args []string, out, diagnosis io.Writer) error {
	s, err := readFlags(args, diagnosis)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(diagnosis, nil))
	kept, err := openGames(s.data)
	if err != nil {
		return err
	}
	defer kept.Close()
	board := chess.New(chess.Options{Games: kept, Stockfish: s.stockfish, Log: log})
	defer board.Close()
	return serving.Alone{Issuer: s.issuer, Listen: s.listen, Log: log, Guard: resource.Config{
		Resource: oauth.ProtectedResource{Name: "chess", Title: "Chess", ID: s.resource, Scopes: chess.Scopes()},
		Tools:    chess.Tools(), DefaultToolScopes: oauth.NewScope(chess.ScopePlay),
	}}.Serve(ctx, board, out)
}
