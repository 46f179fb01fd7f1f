package datahost

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/doctor/datahost/stream"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// WordVariable is the environment variable in which `monctl data send` is given the word that opens its port: an argument could
// be read by every user of the host.
const WordVariable = "MONCTL_STREAM_WORD"

// Snapshots says that the server makes consistent copies by itself, while it runs (--web.enable-admin-api; --admin-api of the
// bundled monitor).
func (s *Session) Snapshots() bool {
	flags := s.reply(askFlags)
	return s.Kind == TSDB && s.Component.Running && !s.stopped && (flags["web.enable-admin-api"] == "true" || flags["admin-api"] == "true")
}

// snapshotBytes bounds the answer of the API, which is a name.
const snapshotBytes = 1 << 20

// Snapshot lets the server make a copy, with the head in it, and gives its name in the folder of snapshots.
func (s *Session) Snapshot(ctx context.Context) (string, error) {
	t := &http.Transport{DialContext: s.conn.Dial, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Component.Base+"/api/v1/admin/tsdb/snapshot", nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Client{Transport: t}).Do(request)
	if err != nil {
		return "", fmt.Errorf("%s: snapshot: %w", s.Name, err)
	}
	defer response.Body.Close()
	var answer struct {
		Error string
		Data  struct{ Name string }
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, snapshotBytes))
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if name := answer.Data.Name; err == nil && (answer.Error != "" || name == "" || name != path.Base(name)) {
		err = fmt.Errorf("the server answered %s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	if err != nil { // the server sets 512 MB aside for the head (tsdb/chunks DefaultChunkSegmentSize)
		return "", fault.With(fmt.Errorf("%s: snapshot: %w", s.Name, err),
			"Let it be copied while the unit is stopped, which takes a moment and little space: monctl data backup %s --stopped", s.Name)
	}
	return answer.Data.Name, nil
}

// Backup makes a copy beside the data: the server's own snapshot where it makes them, else a copy while the unit is stopped.
func (s *Session) Backup(ctx context.Context, w Work, a *Answer) error {
	if !s.Snapshots() {
		return s.Do(ctx, s.conn, w, a, string(datadir.Backup))
	}
	w.say("snapshot")
	name, err := s.Snapshot(ctx)
	if err != nil {
		return err
	}
	w.say("take it")
	if err := s.DoRunning(ctx, s.conn, a, string(datadir.Backup), "--snapshot", name); err != nil {
		return fmt.Errorf("%w; the server's snapshot is in %s, unless it was taken", err, path.Join(s.Place.Path, "snapshots", name))
	}
	return nil
}

// Fetch brings a folder of the host to this machine, verified file by file. It travels over the connection that is there; the
// sender listens on loopback, for whoever knows the word.
func (s *Session) Fetch(ctx context.Context, folder, to string, progress func(int64)) (stream.Received, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	word := rand.Text()
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.send(ctx, folder, word, address) }()
	select {
	case at := <-address:
		received, err := s.fetch(ctx, at, word, to, progress)
		if sent := <-ended; err != nil {
			err = errors.Join(err, sent)
		}
		if err != nil {
			return received, fault.With(fmt.Errorf("%s: fetch %s: %w", s.Name, folder, err), "Nothing is left of it here. Run again.")
		}
		return received, nil
	case err := <-ended:
		return stream.Received{}, fmt.Errorf("%s: fetch %s: %w", s.Name, folder, errors.Join(err, errors.New("the sender ended before it listened")))
	}
}

func (s *Session) fetch(ctx context.Context, at, word, to string, progress func(int64)) (stream.Received, error) {
	conn, err := s.conn.Dial(ctx, "tcp", at)
	if err != nil {
		return stream.Received{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	return stream.Fetch(conn, word, to, progress)
}

// send runs the sender; address is given where it listens.
func (s *Session) send(ctx context.Context, folder, word string, address chan<- string) error {
	var a Answer
	hear := func(line string) {
		var listening struct{ Type, Address string }
		if json.Unmarshal([]byte(line), &listening) == nil && listening.Type == "listening" {
			address <- listening.Address
			return
		}
		a.Hear(line)
	}
	script := WordVariable + "=" + fleet.Quote(word) + " " + fleet.QuoteAll(s.Program, "data", "send", "--json", "--local", folder)
	res, err := s.conn.Run(ctx, fleet.Cmd{Script: script, OnLine: hear})
	if err != nil {
		return err
	}
	return a.outcome(s.Name, "send", res)
}
