// Package slack is a receiver in the shape of Slack's incoming webhooks: it takes the messages that Alertmanager sends,
// refuses what Slack would refuse, and answers as it is told to. It stands in for Slack; nothing is shown anywhere.
package slack

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Message is what an incoming webhook takes (docs.slack.dev, "Sending messages using incoming webhooks" and "Legacy
// secondary message attachments"), as far as Alertmanager uses it.
type Message struct {
	Channel     string       `json:"channel"`
	Username    string       `json:"username"`
	IconEmoji   string       `json:"icon_emoji"`
	IconURL     string       `json:"icon_url"`
	LinkNames   bool         `json:"link_names"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is one block of a message.
type Attachment struct {
	Title      string   `json:"title"`
	TitleLink  string   `json:"title_link"`
	Pretext    string   `json:"pretext"`
	Text       string   `json:"text"`
	Fallback   string   `json:"fallback"`
	CallbackID string   `json:"callback_id"`
	Fields     []any    `json:"fields"`
	Actions    []Action `json:"actions"`
	ImageURL   string   `json:"image_url"`
	ThumbURL   string   `json:"thumb_url"`
	Footer     string   `json:"footer"`
	Color      string   `json:"color"`
	Markdown   []string `json:"mrkdwn_in"`
}

// Action is a button.
type Action struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	URL   string `json:"url"`
	Style string `json:"style"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Answer is what the receiver says to a message that Slack would take.
type Answer struct {
	Status int // 0 for 200
	Body   string
	After  time.Duration // how long it takes
}

// The answers of Slack that people meet.
var (
	OK           = Answer{Body: "ok"}
	NoService    = Answer{Status: http.StatusNotFound, Body: "no_service"}
	InvalidToken = Answer{Status: http.StatusForbidden, Body: "invalid_token"}
	Broken       = Answer{Status: http.StatusInternalServerError, Body: "rollup_error"}
)

// Receiver is a running receiver.
type Receiver struct {
	server *httptest.Server

	mu       sync.Mutex
	answer   Answer
	messages []Message
	refused  []string
}

// Start starts a receiver on the loopback address; Close ends it.
func Start() *Receiver {
	r := &Receiver{answer: OK}
	r.server = httptest.NewServer(r)
	return r
}

// StartOn is Start on a listener of the caller's, for senders on other hosts.
func StartOn(l net.Listener) *Receiver {
	r := &Receiver{answer: OK}
	r.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}}
	r.server.Start()
	return r
}

// Webhook is its address.
func (r *Receiver) Webhook() string { return r.server.URL + "/services/T0LAB/B0LAB/x" }

// Close ends it.
func (r *Receiver) Close() { r.server.Close() }

// Say sets the answer to messages from now on.
func (r *Receiver) Say(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = a
}

// Messages lists what came, also what was answered with an error.
func (r *Receiver) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// Refused says what was wrong with requests that are no messages.
func (r *Receiver) Refused() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.refused)
}

// ServeHTTP takes a message.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	message, err := read(req)
	r.mu.Lock()
	answer := r.answer
	if err == nil {
		r.messages = append(r.messages, message)
	} else {
		r.refused = append(r.refused, err.Error())
	}
	r.mu.Unlock()
	if err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	select {
	case <-time.After(answer.After):
	case <-req.Context().Done():
		return
	}
	if answer.Status != 0 {
		w.WriteHeader(answer.Status)
	}
	_, _ = fmt.Fprint(w, answer.Body)
}

func read(req *http.Request) (Message, error) {
	var m Message
	if req.Method != http.MethodPost {
		return m, fmt.Errorf("method %s", req.Method)
	}
	d := json.NewDecoder(req.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, err
	}
	if m.Text == "" && len(m.Attachments) == 0 {
		return m, fmt.Errorf("no text and no attachments")
	}
	for _, a := range m.Attachments {
		for _, b := range a.Actions {
			if b.Type != "button" || b.Text == "" || b.URL == "" {
				return m, fmt.Errorf("action %+v", b)
			}
		}
	}
	return m, nil
}
