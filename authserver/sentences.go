package authserver

import (
	"strings"

	"github.com/sallyport-dev/sallyport/internal/pages"
)

// Sentences that a person may read on a page, each a constant.
const (
	missingClient   = "the app did not say who it is (client_id is missing)"
	unknownClient   = "the app is not known to this server"
	missingRedirect = "the app did not say where the answer goes (redirect_uri is missing)"
	foreignRedirect = "the app asked for the answer at an address that it did not register"
	nothingWaits    = "no request waits here"
	tookTooLong     = "this request has waited too long"
	foreignForm     = "this form does not belong to this browser"
	neverLeft       = "this browser did not leave from here to sign in, or did so more than ten minutes ago"
	anotherPage     = "this answer was posted by another page than the one that signs people in"
	notAnew         = "You have to sign in there anew: that sign-in was used here before, or is too old."
	nobodyYet       = "the first account is made with the link that the server printed when it started"
	notWelcomeHere  = "You are signed in there, but you may not come in here."
	foreignAccount  = "that account belongs to somebody else here"
	anotherPerson   = "somebody else is signed in here now"
	anotherSession  = "you are not signed in here any more as you were when you left"
	noSuchWay       = "you do not sign in by that any more"
	lastWay         = "that is the only way in that you have"
	unknownThere    = "that is not who you are there when you sign in"
	passkeyGone     = "this passkey is not here any more"
	nothingHere     = "there is nothing here"
	outOfDate       = "this page was out of date; please try again"
	tooLarge        = "this request is too large to wait in a browser"
	brokenLink      = "this link is not one that this server made, or not all of it"
	linkIsOver      = "this link was good for a quarter of an hour, which is over"
	anothersLink    = "this link is for somebody else than the person who is signed in here"
)

// hints say what a person can do about a sentence.
var hints = map[string]string{
	unknownClient: "Its registration is gone. Remove this server in the app and add it again, so that it registers anew.",
	foreignRedirect: "Nothing was sent there. If you trust the app, remove this server in it and add it again, so that it " +
		"registers its present address.",
	missingClient:   "Start again from the app that sent you here.",
	missingRedirect: "Start again from the app that sent you here.",
	nothingWaits:    "Start again from the app that sent you here.",
	foreignForm:     "Perhaps someone signed in or out in another tab meanwhile. Start again from the app that sent you here.",
	tookTooLong:     "Start again from the app that sent you here.",
	foreignAccount:  "Sign in with it instead, or connect another one.",
	anotherPerson:   "Start again from your own page here.",
	anotherSession:  "Start again from your own page here.",
	noSuchWay:       "Look at your own page here.",
	lastWay:         "Add another one first, on your own page here.",
	unknownThere:    "Sign in here again and then connect it, or add it on your own page first.",
	neverLeft:       "Start again from the app that sent you here, or from your own page here.",
	nobodyYet:       "If you run this server, open that link first.",
	brokenLink:      "Go back to the app and try again there; it gets a new one.",
	linkIsOver:      "Go back to the app and try again there; it gets a new one.",
	anothersLink:    "If somebody sent it to you, they wanted to have your connection in their place: leave it. If it is yours, sign out on your own page here, and open it again.",
	anotherPage:     "Start again from the app that sent you here. If you run this server: that page has to let its forms say where they come from, and login_url names it.",

	documentsOff:        "Ask whoever runs this server.",
	documentNotListed:   "If it should be, whoever runs this server can add it to registration.allowed_documents in the settings.",
	documentUnreachable: "Try again in a moment. If it keeps happening, the app's own host does not answer, or does not answer this server.",
	documentGone:        "Only whoever makes the app can mend this.",
}

// forgottenClient is what to do where a client keeps a registration that this
// server does not have.
var forgottenClient = []pages.ClientAdvice{
	{Client: "Claude Code", ToDo: "Open `/mcp`, choose this server, then Clear authentication."},
	{Client: "VS Code", ToDo: "Run `Authentication: Remove Dynamic Authentication Providers`, then start the server again."},
	{Client: "mcp-remote", ToDo: "Delete what it kept and start it again:", Copy: "rm -r ~/.mcp-auth"},
	{Client: "ChatGPT and Claude", ToDo: "Remove the connector and add it again."},
}

// ofService says of a service by its name what package login says of any; a person may
// have several to choose from. What that package does not say, or what has no name,
// stays as it is.
func ofService(title, said string) string {
	if title == "" {
		return said
	}
	said = strings.Replace(said, "The service that signs you in", title, 1)
	for _, begins := range []string{"You said no ", "You are signed in ", "You have to sign in "} {
		if rest, ok := strings.CutPrefix(said, begins+"there"); ok {
			said = begins + "at " + title + rest
		}
	}
	return strings.Replace(said, "Try again in a moment", "Nothing was changed; try again in a moment", 1)
}
