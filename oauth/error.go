package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// An ErrorCode is the machine-readable half of a refusal. It alone decides the
// HTTP status.
type ErrorCode string

// The codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2,
// RFC 8707 §2 and OpenID Connect Core §3.1.2.6.
const (
	InvalidRequest          ErrorCode = "invalid_request"
	InvalidClient           ErrorCode = "invalid_client"
	InvalidGrant            ErrorCode = "invalid_grant"
	UnauthorizedClient      ErrorCode = "unauthorized_client"
	UnsupportedGrantType    ErrorCode = "unsupported_grant_type"
	UnsupportedResponseType ErrorCode = "unsupported_response_type"
	InvalidScope            ErrorCode = "invalid_scope"
	InvalidTarget           ErrorCode = "invalid_target"
	AccessDenied            ErrorCode = "access_denied"
	LoginRequired           ErrorCode = "login_required"
	ConsentRequired         ErrorCode = "consent_required"
	RequestNotSupported     ErrorCode = "request_not_supported"
	RequestURINotSupported  ErrorCode = "request_uri_not_supported"
	InvalidToken            ErrorCode = "invalid_token"
	InsufficientScope       ErrorCode = "insufficient_scope"
	InvalidRedirectURI      ErrorCode = "invalid_redirect_uri"
	InvalidClientMetadata   ErrorCode = "invalid_client_metadata"
	ServerError             ErrorCode = "server_error"
	TemporarilyUnavailable  ErrorCode = "temporarily_unavailable"

	// These three have no OAuth name; RFC 6749 §5.2 errors are extensible.
	TooManyRequests ErrorCode = "too_many_requests"
	TooLarge        ErrorCode = "request_too_large"
	NotFound        ErrorCode = "not_found"

	// TokenNotFound is for a person's own token that is not here.
	TokenNotFound ErrorCode = "token_not_found"
)

// Status is the only source of HTTP statuses for refusals.
func (c ErrorCode) Status() int {
	switch c {
	case InvalidClient, InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope, AccessDenied:
		return http.StatusForbidden
	case NotFound, TokenNotFound:
		return http.StatusNotFound
	case TooManyRequests:
		return http.StatusTooManyRequests
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case ServerError:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// An Error is a refusal, in two halves: Code and Description are for the
// client; Cause is for the operator's log and is never rendered.
type Error struct {
	Code        ErrorCode
	Description string
	Cause       error
	RetryAfter  int // seconds; 0: not said
	// Page is the absolute URL of a page at which a person can mend it; empty: there is
	// none. Clients of the token endpoint are told it as error_uri. RFC 6749 §5.2.
	Page string
}

// Refuse makes a refusal. The description is a constant sentence that quotes
// no input.
func Refuse(code ErrorCode, description string) *Error {
	return &Error{Code: code, Description: description}
}

// Because adds what the operator should know.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Error is for logs: it includes the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Description, e.Cause)
	}
	return string(e.Code) + ": " + e.Description
}

func (e *Error) Unwrap() error { return e.Cause }

// AsError is where everything that is not a refusal becomes our fault: all but a
// request that ran out of time, or whose client went away before its answer,
// which is no one's.
func AsError(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Refuse(TemporarilyUnavailable, "the server is busy; try again").Because(err)
	case errors.Is(err, context.Canceled):
		return Refuse(TemporarilyUnavailable, "the request ended before its answer; try again").Because(err)
	}
	return Refuse(ServerError, "internal error").Because(err)
}
