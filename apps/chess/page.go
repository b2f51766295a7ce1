package chess

import (
	_ "embed" // the page

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/widget"
)

//go:embed widgets/dist/chess-board.html
var boardHTML string

// board is the page on which a game or a puzzle is played.
func board() widget.Page {
	return widget.Page{
		URI: "ui://widget/chess-board.html", Name: "chess-board", Title: "Chess board", HTML: boardHTML, Border: true,
		Description: "Shows the position on a board, the moves so far and what a coach would say. The person moves pieces, starts games " +
			"and loads puzzles there by themselves. Do not draw the board again; do not make their moves for them.",
	}
}

// onBoard makes chats show what a tool answers on the board. What only says
// something about a position is for the board to ask, not to show.
func onBoard(t *mcp.Tool) {
	switch t.Name {
	case toolAnalyze, toolLegal:
		widget.LetWidgetsCall(t)
	case toolEngine:
		board().ShowResultsOf(t, "The engine is thinking", "The engine has moved")
	default:
		board().ShowResultsOf(t, "Setting up the board", "The board is set up")
	}
}
