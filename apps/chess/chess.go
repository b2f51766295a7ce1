// Package chess is an MCP server that plays chess: the rules, one game for each
// person who is signed in, an engine, puzzles. README.md says what its tools take
// and answer.
//
// It mixes tools that need no sign-in with tools that do. It knows nothing of
// OAuth: whoever protects it puts the caller into the request's context (package
// resource), and asks [Tools] what each tool needs.
package chess

import (
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
)

// ScopePlay is what a game of one's own needs. What people read about it stands in
// the settings.
const ScopePlay = "chess:play"

// Options are what New needs. The zero value works, and forgets every game when
// it ends.
type Options struct {
	Version string // what the server says of itself; empty: "dev"
	// Games is where people's games are kept. nil: in memory.
	Games store.Belongings
	// Needs is what the guard asks of whoever calls a tool, which clients are told. What
	// it asks for status, a token also has to permit where a call of any other tool is
	// about its person's own game. nil: what [Tools] says.
	Needs serving.Needs
	// Stockfish is the program of the engine. Empty: found where programs are, and
	// where Debian has it. "none": the search of this package plays.
	Stockfish string
	// Address tells whom a request came from, so that those who are not signed in
	// share the engines fairly. It must not believe what anybody can write, as
	// X-Forwarded-For. nil: the other end of the connection.
	Address func(*http.Request) netip.Addr
	Log     *slog.Logger // nil: nothing is logged
}

// A Server is the MCP server. Close it, or engines go on thinking.
type Server struct {
	http.Handler
	engine *engine
}

// New returns the server as streamable HTTP, for every path it is mounted at. No
// engine runs before the first move that one is asked for.
func New(o Options) *Server {
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Games == nil {
		o.Games = &memory{}
	}
	if o.Needs == nil {
		tools := Tools()
		o.Needs = func(tool string) (oauth.Scope, bool) { return tools[tool].Scopes, tools[tool].Public }
	}
	if o.Address == nil {
		o.Address = peer
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	own, _ := o.Needs(toolStatus)
	c := &chess{games: o.Games, needs: o.Needs, ownGame: own, engine: newEngine(o.Stockfish, o.Log), puzzles: readPuzzles(), log: o.Log}
	s := mcp.NewServer(&mcp.Implementation{
		Name: "sallyport-chess", Title: "Chess", Version: o.Version,
		Description: "Plays chess: the rules, a game for each person, an engine, puzzles.",
	}, &mcp.ServerOptions{
		Instructions: "To play with the person who is signed in, call new_game once, then for each of their moves apply_move and " +
			"engine_move without fen: their game is kept. Without sign-in give fen (from the last result) and move_history with " +
			"every call; nothing is kept then. Show the board after each move. Hints are for coaching, not for telling the answer to a puzzle.",
		Capabilities: &mcp.ServerCapabilities{}, // without it the SDK promises log messages
	})
	c.addTools(s)
	board().AddTo(s, serving.FoundAt)
	return &Server{Handler: knowing(o.Address, serving.Handler(s)), engine: c.engine}
}

// Close ends the engines. Calls that wait for one get an error.
func (s *Server) Close() error { return s.engine.close() }

type chess struct {
	games   store.Belongings
	needs   serving.Needs
	ownGame oauth.Scope
	engine  *engine
	puzzles []puzzle
	log     *slog.Logger
}

// Tools is what each tool needs, for whoever guards the server. Those that are
// public ask by themselves for a sign-in where a call is about somebody's own
// game.
func Tools() map[string]resource.Tool {
	tools := map[string]resource.Tool{}
	for _, name := range []string{toolNew, toolStatus, toolReset} {
		tools[name] = resource.Tool{Scopes: oauth.NewScope(ScopePlay)}
	}
	for _, name := range []string{toolMove, toolEngine, toolAnalyze, toolLegal, toolPuzzle, toolAnswer} {
		tools[name] = resource.Tool{Public: true}
	}
	return tools
}

// Scopes is what people can allow, for whoever guards the server.
func Scopes() []oauth.ScopeInfo {
	return []oauth.ScopeInfo{{Name: ScopePlay, Title: "Play your game of chess", Description: "See it, make moves in it, start it anew.", Default: true}}
}
