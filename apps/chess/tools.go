package chess

import (
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

const (
	toolNew     = "new_game"
	toolStatus  = "status"
	toolReset   = "reset"
	toolMove    = "apply_move"
	toolEngine  = "engine_move"
	toolAnalyze = "analyze"
	toolLegal   = "legal_moves"
	toolPuzzle  = "load_puzzle"
	toolAnswer  = "check_puzzle_move"
)

func (c *chess) addTools(s *mcp.Server) {
	c.addOwn(s)
	c.addPlaying(s)
	c.addPuzzles(s)
}

func (c *chess) addOwn(s *mcp.Server) {
	add(c, s, mcp.Tool{
		Name: toolNew, Title: "New game",
		Description: "Starts a game of the person who is signed in, which is kept until they start another. Where they play black, call engine_move next.",
		InputSchema: serving.Schema[newIn](func(in *jsonschema.Schema) {
			in.Properties["side"].Enum, in.Properties["side"].Default = []any{"white", "black"}, []byte(`"white"`)
		}),
		Annotations: writes(true, false),
	}, c.newGame)
	add(c, s, mcp.Tool{
		Name: toolStatus, Title: "Show the game",
		Description: "Shows how the game of the person who is signed in stands.",
		Annotations: serving.Reads(),
	}, c.status)
	add(c, s, mcp.Tool{
		Name: toolReset, Title: "Start over",
		Description: "Puts the game of the person who is signed in back to the beginning; they keep their side.",
		Annotations: writes(true, true),
	}, c.reset)
}

func (c *chess) addPlaying(s *mcp.Server) {
	add(c, s, mcp.Tool{
		Name: toolMove, Title: "Make a move",
		Description: "Makes one move or several: e4, Nf3, O-O, e7e8q, or 1. e4 e5 2. Nf3; all of them or none. Without fen in the game of the " +
			"person who is signed in, which is kept. With fen in that position, needing no sign-in and keeping nothing.",
		InputSchema: serving.Schema[moveIn](func(in *jsonschema.Schema) {
			limitMove(in)
			limitPosition(in)
		}),
		Annotations: writes(false, false),
	}, c.applyMove)
	add(c, s, mcp.Tool{
		Name: toolEngine, Title: "Let the engine move",
		Description: "Makes the move that the engine thinks is best. Without fen in the game of the person who is signed in; with fen in that position, needing no sign-in.",
		InputSchema: serving.Schema[engineIn](func(in *jsonschema.Schema) {
			limitDepth(in, "10")
			limitPosition(in)
		}),
		Annotations: writes(false, false),
	}, c.engineMove)
	add(c, s, mcp.Tool{
		Name: toolAnalyze, Title: "Analyze",
		Description: "Says who stands better, by how much, and what the engine would play, without making a move. Without fen for the game of the person who is signed in.",
		InputSchema: serving.Schema[analyzeIn](func(in *jsonschema.Schema) {
			limitDepth(in, "15")
			in.Properties["fen"].MaxLength = jsonschema.Ptr(maxFEN)
		}),
		Annotations: serving.Reads(),
	}, c.analyze)
	add(c, s, mcp.Tool{
		Name: toolLegal, Title: "Legal moves",
		Description: "Lists every legal move. Without fen for the game of the person who is signed in.",
		InputSchema: serving.Schema[legalIn](func(in *jsonschema.Schema) { in.Properties["fen"].MaxLength = jsonschema.Ptr(maxFEN) }),
		Annotations: serving.Reads(),
	}, c.legalMoves)
}

func (c *chess) addPuzzles(s *mcp.Server) {
	add(c, s, mcp.Tool{
		Name: toolPuzzle, Title: "Load a puzzle",
		Description: "Shows a puzzle: the side that moves is to find the best moves. Without puzzle_id one by chance. Do not give the solution away.",
		InputSchema: serving.Schema[puzzleIn](func(in *jsonschema.Schema) { in.Properties["puzzle_id"].MaxLength = jsonschema.Ptr(maxPuzzleID) }),
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: jsonschema.Ptr(false)},
	}, c.loadPuzzle)
	add(c, s, mcp.Tool{
		Name: toolAnswer, Title: "Try a move in a puzzle",
		Description: "Says whether a move is right in a puzzle, and what the other side answers. fen is that of load_puzzle, or of the last right move.",
		InputSchema: serving.Schema[answerIn](func(in *jsonschema.Schema) {
			limitMove(in)
			in.Properties["fen"].MaxLength = jsonschema.Ptr(maxFEN)
			in.Properties["puzzle_id"].MaxLength = jsonschema.Ptr(maxPuzzleID)
		}),
		Annotations: serving.Reads(),
	}, c.checkPuzzleMove)
}

// schemes says to clients which calls of a tool need a sign-in: of one that has both,
// those without fen do.
func (c *chess) schemes(tool string) mcp.Meta {
	needs, open := c.needs(tool)
	own := tool != toolPuzzle && tool != toolAnswer
	if own {
		needs = needs.Union(c.ownGame)
	}
	var schemes []any
	if open {
		schemes = append(schemes, map[string]any{"type": "noauth"})
	}
	if own || !open {
		schemes = append(schemes, map[string]any{"type": "oauth2", "scopes": append([]string{}, needs...)})
	}
	return mcp.Meta{"securitySchemes": schemes}
}

func writes(destroys, again bool) *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{DestructiveHint: jsonschema.Ptr(destroys), IdempotentHint: again, OpenWorldHint: jsonschema.Ptr(false)}
}

func limitMove(in *jsonschema.Schema) {
	in.Properties["move"].MinLength, in.Properties["move"].MaxLength = jsonschema.Ptr(2), jsonschema.Ptr(maxMoveText)
}

func limitPosition(in *jsonschema.Schema) {
	in.Properties["fen"].MaxLength = jsonschema.Ptr(maxFEN)
	in.Properties["version"].Minimum = jsonschema.Ptr(0.0)
	history := in.Properties["move_history"]
	history.Types, history.Type, history.MaxItems = nil, "array", jsonschema.Ptr(maxHistory)
	history.Items.MaxLength = jsonschema.Ptr(16)
}

func limitDepth(in *jsonschema.Schema, usual string) {
	depth := in.Properties["depth"]
	depth.Minimum, depth.Maximum, depth.Default = jsonschema.Ptr(1.0), jsonschema.Ptr(float64(maxDepth)), []byte(usual)
}
