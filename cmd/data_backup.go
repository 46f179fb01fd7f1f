package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/doctor/datahost"
	"github.com/monctl/monctl/doctor/datahost/stream"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/spf13/cobra"
)

// newDataSend is what a controller starts on a host to fetch a folder.
func newDataSend(g *globals, o *dataOptions) *cobra.Command {
	return &cobra.Command{
		Use:    "send",
		Short:  "Send a folder to the controller that started this",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			word := os.Getenv(datahost.WordVariable)
			if word == "" || o.local == "" {
				return fault.Misuse(errors.New("monctl data send is started by monctl data backup --to, not by people"), "")
			}
			return stream.Serve(c.Context(), o.local, word, func(address string) {
				g.ui.Emit("listening", map[string]string{"address": address})
			})
		},
	}
}

// hostFetch brings a copy here, below the folder that the person named.
func (g *globals) hostFetch(ctx context.Context, o dataOptions, s *datahost.Session, folder, id string) error {
	to := filepath.Join(o.to, strings.NewReplacer("/", "-", ":", "-").Replace(s.Name.String())+"-"+id)
	began, said := time.Now(), time.Now()
	got, err := s.Fetch(ctx, folder, to, func(n int64) {
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			g.ui.Say("%s: %d MB are here", s.Name, n>>20)
		}
	})
	if err != nil {
		return err
	}
	g.ui.DataFetched(s.Name.String(), got, time.Since(began))
	return nil
}

// hostBackedUp brings a backup that was made on the host here, and then deletes it there.
func (g *globals) hostBackedUp(ctx context.Context, o dataOptions, s *datahost.Session, r datadir.Result) error {
	if o.to == "" {
		return nil
	}
	if err := g.hostFetch(ctx, o, s, r.Aside, r.ID); err != nil {
		return fmt.Errorf("%w; the backup %s is kept on the host", err, r.ID)
	}
	var a datahost.Answer
	return s.Change(ctx, datahost.Work{}, &a, datadir.Purge, r.ID)
}
