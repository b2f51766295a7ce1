package intent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

type extractIn struct {
	FullInputText       string `json:"fullInputText" jsonschema:"what the person said, word for word"`
	RawText             string `json:"rawText,omitempty" jsonschema:"the text of a file that they gave"`
	ConversationHistory string `json:"conversationHistory,omitempty" jsonschema:"what was said before, where it matters"`
	UserMemory          string `json:"userMemory,omitempty" jsonschema:"what is known about the person, where it matters"`
}

// text is what goes to the API: the parts that are there, each under its name.
func (in extractIn) text() string {
	var parts []string
	for _, p := range []struct{ name, text string }{
		{"Full Input", in.FullInputText}, {"Uploaded File", in.RawText},
		{"Conversation History", in.ConversationHistory}, {"User Memory", in.UserMemory},
	} {
		if text := strings.TrimSpace(p.text); text != "" {
			parts = append(parts, "=== "+p.name+" ===\n"+first(text, section))
		}
	}
	return strings.Join(parts, "\n\n")
}

// first is the beginning of a text, in characters.
func first(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters]) + "…"
	}
	return text
}

func (d *discovery) extractIntent(ctx context.Context, _ *mcp.CallToolRequest, in extractIn) (*mcp.CallToolResult, found, error) {
	s, out, err := d.extracted(ctx, in)
	if err != nil {
		return nil, found{Intents: []Intent{}}, inWords(err, "Failed to extract intent")
	}
	s.remember(ctx, out.Intents)
	if len(out.Intents) == 0 {
		return serving.Says("Nothing that the person is looking for was found in what they said."), out, nil
	}
	return serving.Says("Found %d:\n%s", len(out.Intents), list(out.Intents)), out, nil
}

func (d *discovery) extracted(ctx context.Context, in extractIn) (session, found, error) {
	if strings.TrimSpace(in.FullInputText) == "" {
		return session{}, found{}, toModel("fullInputText is empty; call again with what the person said")
	}
	s, err := d.begin(ctx)
	if err != nil {
		return s, found{}, err
	}
	out, err := s.extract(ctx, in.text())
	return s, out, err
}

// told is how many intents stand in the text of a result: a model has read enough
// then, and structuredContent has them all.
const told = 50

func list(intents []Intent) string {
	var text strings.Builder
	for _, i := range intents[:min(len(intents), told)] {
		fmt.Fprintf(&text, "- %s\n", i.words())
	}
	if more := len(intents) - told; more > 0 {
		fmt.Fprintf(&text, "and %d more\n", more)
	}
	return text.String()
}

// words is the intent as it is shown.
func (i Intent) words() string { return cmp.Or(i.Summary, i.Text) }

// inWords is what a tool says when the API did not do what it was asked. What the
// API said itself stays here: it is not for a model.
func inWords(err error, what string) error {
	var worded toModel
	switch {
	case errors.As(err, &worded):
		return worded
	case errors.Is(err, errLate):
		return toModel("Protocol API timeout")
	case errors.Is(err, errOff):
		return toModel(what + ": the protocol's API is not there now. Try again later.")
	case errors.Is(err, errWrong):
		return toModel(what + ": the protocol's API refused, or answered something that is not understood.")
	}
	return err
}
