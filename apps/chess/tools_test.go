package chess

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const (
	here   = "https://mcp.example.com/chess/mcp"
	issuer = "https://mcp.example.com"
)

// tokens are readable: a name, and "-" behind it where nothing was allowed.
type tokens struct{}

func (tokens) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	name, nothing := strings.CutSuffix(string(raw), "-")
	a := token.Access{
		ID: "t", Subject: name, ClientID: "client", GrantID: "g", Issuer: issuer, Audience: here,
		Scope: oauth.NewScope(ScopePlay), Expires: time.Now().Add(time.Hour),
	}
	if nothing {
		a.Scope = nil
	}
	return a, nil
}

// serveChess serves the server behind the guard that stands there in production.
func serveChess(t *testing.T, o Options) string {
	t.Helper()
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "chess", ID: here, Scopes: Scopes()},
		Issuer:   issuer, Verifier: tokens{}, Tools: Tools(), DefaultToolScopes: oauth.NewScope(ScopePlay),
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Stockfish == "" {
		o.Stockfish = "none"
	}
	chess := New(o)
	t.Cleanup(func() { chess.Close() })
	srv := httptest.NewServer(guard.Wrap(chess))
	t.Cleanup(srv.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return srv.URL
}

// as sends every request with a token; "" is none.
type as struct{ token string }

func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t *testing.T, url, token, version string) *mcp.ClientSession {
	t.Helper()
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: as{token}}, DisableStandaloneSSE: true,
	}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cs.Close() })
	return cs
}

type args = map[string]any

// said is what a tool answered.
type said struct {
	text string
	data args
	meta mcp.Meta
}

func (s said) get(key string) string { return fmt.Sprint(s.data[key]) }

// wants compares fields, "name=value".
func (s said) wants(t *testing.T, fields ...string) {
	t.Helper()
	for _, f := range fields {
		name, want, _ := strings.Cut(f, "=")
		if got := s.get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func call(t *testing.T, cs *mcp.ClientSession, tool string, in args) said {
	t.Helper()
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: in})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	text := res.Content[0].(*mcp.TextContent).Text
	if res.IsError {
		t.Fatalf("%s: %s", tool, text)
	}
	data, _ := res.StructuredContent.(args)
	return said{text, data, res.Meta}
}

// refused is the text of a result that is an error.
func refused(t *testing.T, cs *mcp.ClientSession, tool string, in args) said {
	t.Helper()
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: in})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if !res.IsError || res.StructuredContent != nil {
		t.Fatalf("%s was not refused: %v", tool, res.StructuredContent)
	}
	return said{text: res.Content[0].(*mcp.TextContent).Text, meta: res.Meta}
}

var generations = []string{"2024-11-05", "2025-11-25", "2026-07-28"}

func TestAPersonPlaysTheirOwnGame(t *testing.T) {
	for _, version := range generations {
		t.Run(version, func(t *testing.T) {
			ada := connect(t, serveChess(t, Options{}), "ada", version)
			call(t, ada, toolNew, nil).wants(t, "fen="+startFEN, "move=", "status=ongoing", "turn=white", "saved=true", "version=1", "side=white")
			r := call(t, ada, toolMove, args{"move": "e4"})
			r.wants(t, "move=e4", "uci=e2e4", "turn=black", "version=2", "history=[e4]", "fen=rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq e3 0 1")
			if !strings.Contains(r.text, "The last move was e4. It is black's move.") || !strings.Contains(r.text, "8  r n b q k b n r\n") {
				t.Error(r.text)
			}
			legal := r.meta["legal_moves"].([]any)
			first := legal[0].(args)
			if len(legal) != 20 || first["from"] == "" || first["uci"] != first["from"].(string)+first["to"].(string) || len(r.meta["hints"].([]any)) == 0 {
				t.Error(r.meta)
			}
			r = call(t, ada, toolEngine, args{"depth": 1})
			r.wants(t, "turn=white", "version=3", "saved=true")
			if o := r.data["engine"].(args); o["by"] != builtIn || o["best"] != r.data["move"] || o["depth"] != 1.0 {
				t.Error(o)
			}
			call(t, ada, toolStatus, nil).wants(t, "fen="+r.get("fen"), "version=3", "move="+r.get("move"))
			call(t, ada, toolReset, nil).wants(t, "fen="+startFEN, "version=4", "history=[]")
		})
	}
}

func TestAGameIsItsOwnersAlone(t *testing.T) {
	url := serveChess(t, Options{})
	ada, bob := connect(t, url, "ada", generations[2]), connect(t, url, "bob", generations[2])
	call(t, ada, toolMove, args{"move": "e4"}).wants(t, "version=1", "side=white")
	call(t, bob, toolNew, args{"side": "black"}).wants(t, "version=1", "side=black")
	call(t, bob, toolMove, args{"move": "d4 d5"}).wants(t, "move=d5", "side=black")
	call(t, ada, toolStatus, nil).wants(t, "history=[e4]")
	call(t, bob, toolReset, nil).wants(t, "side=black", "version=3")
}

func TestWhoGivesAPositionNeedsNoSignIn(t *testing.T) {
	for _, version := range generations {
		t.Run(version, func(t *testing.T) {
			nobody := connect(t, serveChess(t, Options{}), "", version)
			r := call(t, nobody, toolMove, args{"fen": startFEN, "move": "1. e4 e5 2. Nf3"})
			r.wants(t, "move=Nf3", "saved=false", "history=[e4 e5 Nf3]", "version=<nil>", "side=<nil>")
			r = call(t, nobody, toolEngine, args{"fen": r.data["fen"], "move_history": r.data["history"], "depth": 1})
			if h := r.data["history"].([]any); len(h) != 4 || h[0] != "e4" {
				t.Error(h)
			}
			if moves := call(t, nobody, toolLegal, args{"fen": "8/8/8/8/8/8/k7/2K4R w - -"}).data["moves"].([]any); len(moves) != 14 || !slices.Contains(moves, "Rh2+") {
				t.Error(moves)
			}
			call(t, nobody, toolAnalyze, args{"fen": "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1", "depth": 3}).wants(t, "move=", "status=ongoing",
				"engine=map[best:Ra8# best_uci:a1a8 by:built-in search depth:1 line:[Ra8#] mate_in:1]")
		})
	}
}

func TestAGameOfOnesOwnNeedsASignIn(t *testing.T) {
	url := serveChess(t, Options{})
	nobody, guest := connect(t, url, "", generations[2]), connect(t, url, "ada-", generations[2])
	for _, tool := range []string{toolNew, toolStatus, toolReset} {
		stranger := connect(t, url, "", generations[1])
		if _, err := stranger.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args{}}); err == nil || !strings.Contains(err.Error(), "Unauthorized") {
			t.Errorf("%s: %v", tool, err)
		}
	}
	for tool, in := range map[string]args{toolMove: {"move": "e4"}, toolEngine: {}, toolAnalyze: {}, toolLegal: {}} {
		r := refused(t, nobody, tool, in)
		if got := fmt.Sprint(r.meta["mcp/www_authenticate"]); !strings.Contains(r.text, "Call new_game") || got != `[Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/chess/mcp", `+
			`scope="chess:play", error="invalid_token", error_description="sign in to have a game of your own"]` {
			t.Error(tool, r)
		}
		r = refused(t, guest, tool, in)
		if !strings.Contains(r.text, "not allowed") || !strings.Contains(fmt.Sprint(r.meta), `error="insufficient_scope"`) {
			t.Error(tool, r)
		}
	}
}

func TestOfTwoDevicesOneMoves(t *testing.T) {
	url := serveChess(t, Options{})
	phone, laptop := connect(t, url, "ada", generations[2]), connect(t, url, "ada", generations[1])
	call(t, phone, toolMove, args{"move": "e4"})
	call(t, laptop, toolMove, args{"move": "c5", "version": 1})
	if r := refused(t, phone, toolMove, args{"move": "e5", "version": 1}); r.text != errMovedOn.Error() {
		t.Error(r.text)
	}
	done := make(chan bool, 8)
	for range 8 {
		go func() {
			res, err := phone.CallTool(t.Context(), &mcp.CallToolParams{Name: toolMove, Arguments: args{"move": "Nf3", "version": 2}})
			done <- err == nil && !res.IsError
		}()
	}
	won := 0
	for range 8 {
		if <-done {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d moves were made", won)
	}
	call(t, phone, toolStatus, nil).wants(t, "history=[e4 c5 Nf3]", "version=3")
}

func TestWhatIsWrongIsSaidSoThatAModelCanDoBetter(t *testing.T) {
	ada := connect(t, serveChess(t, Options{}), "ada", generations[2])
	for _, c := range []struct {
		tool string
		in   args
		says string
	}{
		{toolMove, args{"move": "e5"}, "e5 is not legal here; it is white's move. Legal moves: Na3"},
		{toolMove, args{"move": "e4 e4"}, "move 2 of 2, after e4: e4 is not legal here; it is black's move."},
		{toolMove, args{"move": "  "}, "move is empty"},
		{toolMove, args{"move": "e4", "fen": "x"}, "fen is not a position: it has 1 fields and not 6. Give back"},
		{toolMove, args{"move": "e4", "fen": strings.Repeat("x", 101)}, "maxLength"},
		{toolMove, args{}, "required"},
		{toolMove, args{"move": "e4", "move_history": []string{strings.Repeat("x", 17)}}, "maxLength"},
		{toolEngine, args{"fen": "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"}, "the game is over: stalemate. Start another with new_game"},
		{toolEngine, args{"depth": 99}, "maximum"},
		{toolPuzzle, args{"puzzle_id": "nope"}, "there is no such puzzle_id; the puzzles are"},
		{toolNew, args{"side": "green"}, "enum"},
	} {
		if r := refused(t, ada, c.tool, c.in); !strings.Contains(r.text, c.says) {
			t.Errorf("%s %v: %s", c.tool, c.in, r.text)
		}
	}
	call(t, ada, toolStatus, nil).wants(t, "history=[]")
}

func TestToolsSayWhatTheyAre(t *testing.T) {
	cs := connect(t, serveChess(t, Options{}), "", generations[2])
	list, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	declared := Tools()
	if len(list.Tools) != len(declared) {
		t.Errorf("%d tools, and %d are declared", len(list.Tools), len(declared))
	}
	for _, tool := range list.Tools {
		schemes := fmt.Sprint(tool.Meta["securitySchemes"])
		if declared[tool.Name].Public != strings.Contains(schemes, "noauth") {
			t.Errorf("%s: %s", tool.Name, schemes)
		}
		if own := tool.Name != toolPuzzle && tool.Name != toolAnswer; own != strings.Contains(schemes, "scopes:["+ScopePlay+"] type:oauth2") {
			t.Errorf("%s: %s", tool.Name, schemes)
		}
		if tool.Title == "" || tool.Annotations.Title != tool.Title || tool.Description == "" || tool.InputSchema == nil || tool.OutputSchema == nil ||
			tool.Annotations.OpenWorldHint == nil || !tool.Annotations.ReadOnlyHint && tool.Annotations.DestructiveHint == nil {
			t.Errorf("%s says too little: %+v", tool.Name, tool.Annotations)
		}
	}
}

func TestAPuzzleIsSolvedMoveByMove(t *testing.T) {
	nobody := connect(t, serveChess(t, Options{}), "", generations[2])
	for _, z := range readPuzzles() {
		r := call(t, nobody, toolPuzzle, args{"puzzle_id": z.ID})
		r.wants(t, "fen="+z.FEN, "status=puzzle", "side="+r.get("turn"))
		for _, m := range z.Line {
			if strings.Contains(r.text, m) {
				t.Errorf("%s: the text tells the solution", z.ID)
			}
		}
		wrong := slices.IndexFunc(r.meta["legal_moves"].([]any), func(m any) bool {
			return m.(args)["uci"] != z.Line[0] && !strings.Contains(m.(args)["san"].(string), "#")
		})
		w := call(t, nobody, toolAnswer, args{"puzzle_id": z.ID, "fen": r.data["fen"], "move": r.meta["legal_moves"].([]any)[wrong].(args)["uci"]})
		w.wants(t, "fen="+z.FEN, "status=puzzle")
		if w.data["puzzle"].(args)["correct"] != false {
			t.Error(w)
		}
		for i := 0; i < len(z.Line); i += 2 {
			r = call(t, nobody, toolAnswer, args{"puzzle_id": z.ID, "fen": r.data["fen"], "move": z.Line[i]})
			if at := r.data["puzzle"].(args); at["correct"] != true || at["solved"] != (i+1 == len(z.Line)) || at["moves_left"] != float64((len(z.Line)-i-1)/2) {
				t.Errorf("%s, half-move %d: %v", z.ID, i, at)
			}
		}
		if strings.HasPrefix(z.Theme, "mate") {
			r.wants(t, "status=checkmate", "winner="+r.get("side"))
		}
	}
	z := readPuzzles()[0]
	if r := refused(t, nobody, toolAnswer, args{"puzzle_id": z.ID, "fen": startFEN, "move": "e4"}); !strings.Contains(r.text, "fen is no position of puzzle") {
		t.Error(r.text)
	}
}

func TestResultsAreShownOnABoard(t *testing.T) {
	cs := connect(t, serveChess(t, Options{}), "ada", "2026-07-28")
	shown := 0
	for tool, err := range cs.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if tool.Meta["openai/widgetAccessible"] != true || tool.Meta["securitySchemes"] == nil {
			t.Errorf("%s says %v", tool.Name, tool.Meta)
		}
		if tool.Meta["openai/outputTemplate"] == board().Address() {
			shown++
		}
	}
	if shown != 7 {
		t.Errorf("%d tools have the board", shown)
	}
	res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "ui://widget/chess-board.html"})
	if err != nil || !strings.HasPrefix(res.Contents[0].Text, "<!doctype html>") {
		t.Errorf("the board: %v, %v", res, err)
	}
}

// TestADamagedGameCanBeLookedAt: what stands in the row may be of another version of
// this server, or of whoever could write there.
func TestADamagedGameCanBeLookedAt(t *testing.T) {
	for _, c := range []struct{ content, history, side, damage string }{
		{`{"side":"black","moves":["e2e4","e7e5","e1e8","a2a3"]}`, "history=[e4 e5]", "side=black", "of 4 half-moves only the first 2 can be played"},
		{`{"side":"purple","moves":["nonsense"]}`, "history=[]", "side=white", "of 1 half-moves only the first 0 can be played"},
		{`no game`, "history=[]", "side=white", "cannot be read any more"},
	} {
		games := &memory{}
		if done, err := games.Keep(t.Context(), store.Belonging{Resource: here, Subject: "ada", Content: []byte(c.content)}); !done || err != nil {
			t.Fatal(done, err)
		}
		ada := connect(t, serveChess(t, Options{Games: games}), "ada", generations[2])
		r := call(t, ada, toolStatus, nil)
		r.wants(t, c.history, c.side, "saved=true", "version=1")
		if !strings.Contains(r.get("damage"), c.damage) || !strings.HasPrefix(r.text, r.get("damage")) {
			t.Errorf("%s: %s", c.content, r.text)
		}
		call(t, ada, toolLegal, nil).wants(t, c.history)
		for tool, in := range map[string]args{toolMove: {"move": "Nf3"}, toolEngine: {}} {
			if r := refused(t, ada, tool, in); !strings.Contains(r.text, c.damage) || !strings.Contains(r.text, "new_game begins another") {
				t.Errorf("%s: %s", tool, r.text)
			}
		}
		if b, err := games.Belonging(t.Context(), here, "ada"); err != nil || string(b.Content) != c.content {
			t.Errorf("to look at it makes it %s, %v", b.Content, err)
		}
		call(t, ada, toolReset, nil).wants(t, "history=[]", "damage=<nil>", "version=2", c.side)
	}
}
