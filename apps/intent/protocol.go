package intent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 20

// What a call of the API ended with, for who words it.
var (
	errLate  = errors.New("intent: the API did not answer in time")
	errOff   = errors.New("intent: the API could not be reached, or failed")
	errWrong = errors.New("intent: the API refused")
)

// A session calls the API for one person, for one call of a tool.
type session struct {
	*discovery
	acting *serving.Acting
}

// begin asks for the person's token.
func (d *discovery) begin(ctx context.Context) (session, error) {
	acting, err := serving.Own{Token: d.token, Refused: d.refused()}.Begin(ctx)
	return session{d, acting}, err
}

// token has no longer than people wait for it.
func (d *discovery) token(ctx context.Context) (oauth.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, d.Waiting)
	defer cancel()
	token, err := d.Token(ctx)
	return token, notInTime(ctx, err)
}

// refused is as patient; nil where nobody is told.
func (d *discovery) refused() func(context.Context, oauth.Secret) error {
	if d.Refused == nil {
		return nil
	}
	return func(ctx context.Context, token oauth.Secret) error {
		ctx, cancel := context.WithTimeout(ctx, d.Waiting)
		defer cancel()
		return notInTime(ctx, d.Refused(ctx, token))
	}
}

func notInTime(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return toModel("The person's token could not be had in time. Try again.")
	}
	return err
}

// post sends a body to a path of the API, and reads the answer into out.
func (s session) post(ctx context.Context, path, kind string, body []byte, out any) error {
	return s.acting.Do(ctx, func(token oauth.Secret) error {
		raw, err := s.send(ctx, path, http.Header{"Authorization": {"Bearer " + string(token)}, "Content-Type": {kind}}, body)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, out); err != nil {
			return errWrong
		}
		return nil
	})
}

// send sends it once, and returns the answer.
func (s session) send(ctx context.Context, path string, header http.Header, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.API+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = header
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "sallyport-intent/"+s.Version)
	answer, err := (&http.Client{Transport: s.Transport, CheckRedirect: nowhere}).Do(r)
	if err != nil {
		return nil, late(ctx, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, late(ctx, err)
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden && speaksOfTheToken(raw):
		return nil, serving.Refuses(errSignIn)
	case answer.StatusCode/100 == 5:
		return nil, errOff
	case answer.StatusCode/100 != 2, len(raw) > maxAnswer:
		return nil, errWrong
	}
	return raw, nil
}

// nowhere keeps the person's token from following a redirect.
func nowhere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func late(ctx context.Context, err error) error {
	var timed net.Error
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout() {
		return errLate
	}
	return errOff
}

// speaksOfTheToken tells a token that is no good any more from a person who may
// not do something: the API says both with 403.
func speaksOfTheToken(body []byte) bool {
	said := strings.ToLower(string(body))
	return strings.Contains(said, "access token") || strings.Contains(said, "privy token")
}

// postJSON sends v.
func (s session) postJSON(ctx context.Context, path string, v, out any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.post(ctx, path, "application/json", body, out)
}

// An Intent is what a person is looking for, as the API keeps it.
type Intent struct {
	ID        string `json:"id"`
	Text      string `json:"payload" jsonschema:"the whole of it"`
	Summary   string `json:"summary,omitempty" jsonschema:"in a few words"`
	CreatedAt string `json:"createdAt"`
}

type found struct {
	Intents        []Intent `json:"intents"`
	FilesProcessed int      `json:"filesProcessed"`
	LinksProcessed int      `json:"linksProcessed"`
	Generated      int      `json:"intentsGenerated"`
}

// extract has the API find the intents of a text: POST /discover/new.
func (s session) extract(ctx context.Context, text string) (found, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("payload", text); err != nil {
		return found{}, err
	}
	if err := form.Close(); err != nil {
		return found{}, err
	}
	out := found{Intents: []Intent{}}
	err := s.post(ctx, "/discover/new", form.FormDataContentType(), body.Bytes(), &out)
	return out, err
}

type match struct {
	User struct {
		ID     string `json:"id"`
		Name   string `json:"name"`
		Avatar string `json:"avatar"`
	} `json:"user"`
	Intents []struct {
		Intent Intent `json:"intent"`
	} `json:"intents"`
}

// matches has the API find people with such intents: POST /discover/filter.
func (s session) matches(ctx context.Context, intents []string, most int) ([]match, error) {
	var out struct {
		Results []match `json:"results"`
	}
	err := s.postJSON(ctx, "/discover/filter", map[string]any{"intentIds": intents, "excludeDiscovered": true, "page": 1, "limit": most}, &out)
	return out.Results[:min(len(out.Results), most)], err
}

// synthesis has the API say what a person and another one have in common:
// POST /synthesis/vibecheck.
func (s session) synthesis(ctx context.Context, person string, intents []string) (string, error) {
	var out struct {
		Synthesis string `json:"synthesis"`
	}
	err := s.postJSON(ctx, "/synthesis/vibecheck", map[string]any{"targetUserId": person, "intentIds": intents}, &out)
	return out.Synthesis, err
}

// act does something about another person: POST /connections/actions.
func (s session) act(ctx context.Context, action, person string) (string, error) {
	var out struct {
		Status string `json:"connectionStatus"`
	}
	err := s.postJSON(ctx, "/connections/actions", map[string]any{"action": action, "targetUserId": person}, &out)
	return out.Status, err
}
