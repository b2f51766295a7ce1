package github

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-github/v89/github"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

// toModel is a sentence for a model: what is wrong, and what to do next.
type toModel string

func (m toModel) Error() string { return string(m) }

// refusal says what GitHub's answer means for who made the call. What it was
// exactly stays here: an error of the library holds the URL and more.
func (h *hub) refusal(err error) error {
	if err == nil {
		return nil
	}
	var limit *github.RateLimitError
	if errors.As(err, &limit) {
		return toModel("GitHub's rate limit for this person is reached. Try again " + h.until(limit.Rate.Reset.Time) + ", and not before.")
	}
	var abuse *github.AbuseRateLimitError
	if errors.As(err, &abuse) {
		wait := time.Minute
		if abuse.RetryAfter != nil && *abuse.RetryAfter > 0 {
			wait = *abuse.RetryAfter
		}
		return toModel(fmt.Sprintf("GitHub asks for a pause. Wait %s, then try again, and slower.", wait.Round(time.Second)))
	}
	var refused *github.ErrorResponse
	if errors.As(err, &refused) {
		said := toModel(meaning(refused))
		if refused.Response.StatusCode == http.StatusUnauthorized {
			return serving.Refuses(said)
		}
		return said
	}
	var moved *github.RedirectionError
	if errors.As(err, &moved) {
		return toModel("The repository has moved. Call list_repositories for its new name.")
	}
	var late net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout() {
		return toModel("GitHub did not answer in time. What was asked for may have been done all the same: look before you try again.")
	}
	return toModel("GitHub could not be reached, or its answer could not be read. Try again later.")
}

func (h *hub) until(reset time.Time) string {
	wait := reset.Sub(h.Now())
	if wait <= 0 {
		return "in a minute"
	}
	return fmt.Sprintf("at %s (in %s)", reset.UTC().Format(time.RFC3339), wait.Round(time.Second))
}

// meaning is what a status says: "Troubleshooting the REST API" of GitHub's
// documentation.
func meaning(refused *github.ErrorResponse) string {
	status := refused.Response.StatusCode
	switch {
	case status == http.StatusUnauthorized:
		return "GitHub no longer takes the person's token. They have to connect GitHub again: on their account page, or by signing in anew."
	case status == http.StatusForbidden && refused.Response.Header.Get("X-Github-Sso") != "":
		return "The organization wants the person to authorize this application for its single sign-on, on GitHub under Settings, Applications."
	case status == http.StatusForbidden:
		return "GitHub does not let the person do this here. They may not have write access, or an organization has not approved this application."
	case status == http.StatusNotFound:
		return "There is no such repository, or the person cannot see it. Call list_repositories, and take owner and repo from there."
	case status == http.StatusGone:
		return "This repository keeps no issues: its owner switched them off."
	case status == http.StatusUnprocessableEntity:
		return "GitHub does not take it: " + details(refused) + ". Change that and call again."
	case status >= 500:
		return "GitHub has a fault of its own. Try again later."
	}
	return fmt.Sprintf("GitHub refused with status %d. Trying the same again will not help.", status)
}

func details(refused *github.ErrorResponse) string {
	var all []string
	for _, e := range refused.Errors {
		switch {
		case e.Message != "":
			all = append(all, strings.TrimSuffix(e.Message, "."))
		case e.Code == "missing_field", e.Code == "missing":
			all = append(all, e.Field+" is missing")
		default:
			all = append(all, e.Field+" is "+strings.ReplaceAll(e.Code, "_", " "))
		}
	}
	if len(all) == 0 {
		return first(strings.TrimSuffix(refused.Message, "."), 300)
	}
	return first(strings.Join(all, ", "), 300)
}
