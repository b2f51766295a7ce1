package standin

import (
	"html/template"
	"net/http"
	"net/url"
)

// A choice is a person on the page of a stand-in.
type choice struct{ ID, Label string }

// A chooser is the page on which a person chooses who they are, and says yes or
// no. Its buttons and fields are found by role and name. The answer is posted to
// the URL of the request.
type chooser struct {
	Title, Yes string
	People     []choice
	Chosen     string
}

var chooserPage = template.Must(template.New("chooser").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1>
<form method="post">
<fieldset><legend>Choose an account</legend>
{{$chosen := .Chosen}}{{range .People}}<p><label><input type="radio" name="standin_person" value="{{.ID}}"{{if eq .ID $chosen}} checked{{end}}> {{.Label}}</label></p>
{{end}}</fieldset>
<p><button name="standin_answer" value="yes">{{.Yes}}</button> <button name="standin_answer" value="no">Cancel</button></p>
</form></main></body></html>
`))

func (c chooser) show(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = chooserPage.Execute(w, c) // the person went away
}

// answered reads what the page sent: the person, and whether they said yes.
func answered(form url.Values) (person string, yes, ok bool) {
	answer := form.Get("standin_answer")
	return form.Get("standin_person"), answer == "yes", answer != ""
}

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p></main></body></html>
`))

// dead is a page that leads nowhere: the request cannot be answered to the
// client.
func dead(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = errorPage.Execute(w, struct{ Title, Text string }{title, text})
}
