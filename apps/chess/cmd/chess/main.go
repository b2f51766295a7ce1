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
	"io"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

func main() { serving.Main("chess", run) }

// settings are the flags.
type settings struct {
	*serving.Alone
	data, stockfish string
}

func readFlags(args []string, diagnosis io.Writer) (settings, error) {
	var s settings
	f, alone := serving.Flags("chess", "127.0.0.1:8081", diagnosis)
	s.Alone = alone
	f.StringVar(&s.data, "data", "chess.db", "the `file` in which people's games are kept")
	f.StringVar(&s.stockfish, "stockfish", "", "the `program` of the engine; none plays without one (default: found where programs are)")
	if err := serving.Parse(f, args); err != nil {
		return s, err
	}
	if s.Issuer == "" || s.Guard.Resource.ID == "" {
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
	kept, err := openGames(s.data)
	if err != nil {
		return err
	}
	defer kept.Close()
	board := chess.New(chess.Options{Games: kept, Stockfish: s.stockfish, Log: s.Log})
	defer board.Close()
	s.Guard = resource.Config{
		Resource: oauth.ProtectedResource{Name: "chess", Title: "Chess", ID: s.Guard.Resource.ID, Scopes: chess.Scopes()},
		Tools:    chess.Tools(), DefaultToolScopes: oauth.NewScope(chess.ScopePlay),
	}
	return s.Serve(ctx, board, out)
}
