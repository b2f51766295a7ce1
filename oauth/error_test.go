package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		status int
		codes  []ErrorCode
	}{
		{400, []ErrorCode{
			InvalidRequest, InvalidGrant, UnauthorizedClient, UnsupportedGrantType, UnsupportedResponseType, InvalidScope, InvalidTarget,
			InvalidRedirectURI, InvalidClientMetadata, LoginRequired, ConsentRequired,
			RequestNotSupported, RequestURINotSupported, "some_new_code",
		}},
		{401, []ErrorCode{InvalidClient, InvalidToken}},
		{403, []ErrorCode{InsufficientScope, AccessDenied}},
		{404, []ErrorCode{NotFound, TokenNotFound}},
		{413, []ErrorCode{TooLarge}},
		{429, []ErrorCode{TooManyRequests}},
		{500, []ErrorCode{ServerError}},
		{503, []ErrorCode{TemporarilyUnavailable}},
	} {
		for _, code := range c.codes {
			if got := code.Status(); got != c.status {
				t.Errorf("%s is %d, want %d", code, got, c.status)
			}
		}
	}
}

func TestAsError(t *testing.T) {
	refusal := Refuse(InvalidGrant, "the code was used before").Because(io.ErrUnexpectedEOF)
	for _, c := range []struct {
		name string
		err  error
		want ErrorCode
		says string
	}{
		{"a refusal stays", refusal, InvalidGrant, "the code was used before"},
		{"a refusal inside another error stays", fmt.Errorf("redeem: %w", refusal), InvalidGrant, "the code was used before"},
		{"a refusal because of a deadline stays", Refuse(InvalidToken, "x").Because(context.DeadlineExceeded), InvalidToken, "x"},
		{"a deadline asks to come again", fmt.Errorf("store: %w", context.DeadlineExceeded), TemporarilyUnavailable, "the server is busy; try again"},
		{"a client that went away is not our fault", fmt.Errorf("store: %w", context.Canceled), TemporarilyUnavailable, "the request ended before its answer; try again"},
		{"anything else is our fault", fmt.Errorf("disk on fire at %s", "/var/lib"), ServerError, "internal error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := AsError(c.err)
			if got.Code != c.want || got.Description != c.says {
				t.Errorf("got %s: %s", got.Code, got.Description)
			}
			if !errors.Is(c.err, error(got)) && !errors.Is(got, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestErrorForLogs(t *testing.T) {
	err := Refuse(InvalidGrant, "the code was used before")
	if got := err.Error(); got != "invalid_grant: the code was used before" {
		t.Error(got)
	}
	if got := err.Because(io.EOF).Error(); got != "invalid_grant: the code was used before: EOF" || !errors.Is(err, io.EOF) {
		t.Error(got)
	}
}
