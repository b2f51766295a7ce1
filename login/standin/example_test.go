package standin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// A program that redeems codes at GitHub, and what it meets there.
func Example() {
	github := standin.NewGitHub(standin.Client{ID: "id", Secret: "secret", Redirects: []string{"https://door.example/callback"}},
		standin.GitHubPerson{Login: "ada", Email: "ada@example.com", Verified: true})
	server := httptest.NewServer(github)
	defer server.Close()

	// The person's browser, which goes no further than the redirect.
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, err := browser.Get(server.URL + "/login/oauth/authorize?client_id=id&state=xyz")
	if err != nil {
		fmt.Println(err)
		return
	}
	page.Body.Close()
	back, _ := url.Parse(page.Header.Get("Location"))
	fmt.Println(back.Host, back.Query().Get("state"))

	// GitHub is away once, and then it is not.
	github.FailTimes(1, standin.Token, standin.Status(http.StatusBadGateway))
	form := url.Values{"client_id": {"id"}, "client_secret": {"secret"}, "code": {back.Query().Get("code")}}
	for range 3 {
		answer, err := http.Post(server.URL+"/login/oauth/access_token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		if err != nil {
			fmt.Println(err)
			return
		}
		answer.Body.Close()
		fmt.Println(answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	fmt.Println(github.Count(standin.Token), github.Last(standin.Token).Form.Get("code"))
	// Output:
	// door.example xyz
	// 502 text/plain; charset=utf-8
	// 200 application/x-www-form-urlencoded; charset=utf-8
	// 200 application/x-www-form-urlencoded; charset=utf-8
	// 3 [secret]
}
