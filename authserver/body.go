package authserver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// maxForm bounds what a form may hold: a state of a few kilobytes, percent-encoded,
// comes back inside a sealed interaction.
const maxForm = 64 << 10

// readForm reads the parameters of a program's request: a form, or a JSON
// object of strings, which some clients send. What the body is decides, not its
// content type, which some clients get wrong.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	// draft-ietf-oauth-v2-1 §2.4.1: client credentials "MUST NOT be included in
	// the request URI"; so nothing is read from there.
	form, err := parseBody(body)
	if err != nil {
		return nil, err
	}
	for name, values := range form {
		// RFC 6749 §3.2: "Request and response parameters MUST NOT be included more
		// than once."
		if len(values) > 1 && name != "resource" {
			return nil, oauth.Refuse(oauth.InvalidRequest, "a parameter is given more than once")
		}
	}
	return form, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return nil, unreadable(err)
	}
	return body, nil
}

// readPageForm reads the form of a page into r.PostForm.
func readPageForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return oauth.Refuse(oauth.TooLarge, "the body is larger than 64 KiB").Because(err)
	}
	return oauth.Refuse(oauth.InvalidRequest, "the body cannot be read").Because(err)
}

func parseBody(body []byte) (url.Values, error) {
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		form, err := url.ParseQuery(text)
		if err != nil {
			return nil, oauth.Refuse(oauth.InvalidRequest, "the body is not form-encoded").Because(err)
		}
		return form, nil
	}
	form, err := parseObject(text)
	if err != nil {
		return nil, oauth.Refuse(oauth.InvalidRequest, "the body is not a JSON object of strings").Because(err)
	}
	return form, nil
}

// parseObject reads a JSON object member by member. A map would keep the last of
// two members of one name, and say nothing of the first.
func parseObject(text string) (url.Values, error) {
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil { // the bracket
		return nil, err
	}
	form := url.Values{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch v := value.(type) {
		case string:
			form.Add(name.(string), v) // a name is always a string
		case nil:
		default:
			return nil, errors.New("a member is not a string")
		}
	}
	if _, err := d.Token(); err != nil { // the other bracket
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return form, nil
}
