package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"text/template"
	"time"
)

// entry is one log entry on its way.
type entry struct {
	labels map[string]string
	at     time.Time
	line   string
}

type (
	stageArgs struct {
		Static    *staticArgs    `alloy:"static_labels,block,optional"`
		Multiline *multilineArgs `alloy:"multiline,block,optional"`
		Regex     *regexArgs     `alloy:"regex,block,optional"`
		Template  *templateArgs  `alloy:"template,block,optional"`
		Labels    *labelsArgs    `alloy:"labels,block,optional"`
		Timestamp *timestampArgs `alloy:"timestamp,block,optional"`
	}
	staticArgs struct {
		Values map[string]string `alloy:"values,attr"`
	}
	multilineArgs struct {
		FirstLine string `alloy:"firstline,attr"`
		MaxWait   string `alloy:"max_wait_time,attr,optional"`
	}
	regexArgs struct {
		Expression string `alloy:"expression,attr"`
	}
	templateArgs struct {
		Source   string `alloy:"source,attr"`
		Template string `alloy:"template,attr"`
	}
	labelsArgs struct {
		Values map[string]string `alloy:"values,attr"`
	}
	timestampArgs struct {
		Source    string   `alloy:"source,attr"`
		Format    string   `alloy:"format,attr"`
		Fallback  []string `alloy:"fallback_formats,attr,optional"`
		OnFailure string   `alloy:"action_on_failure,attr,optional"`
	}
)

// stage changes an entry; extracted holds what stages before found in it.
type stage func(e *entry, extracted map[string]string)

// process is one loki.process.
type process struct {
	forwardTo []string
	first     *regexp.Regexp // begins an entry; nil when every line is one
	wait      time.Duration
	stages    []stage
}

func newProcess(a processArgs) (*process, error) {
	p := &process{forwardTo: a.ForwardTo, wait: 3 * time.Second}
	var errs []error
	for _, s := range a.Stages {
		errs = append(errs, p.add(s))
	}
	return p, errors.Join(errs...)
}

func (p *process) add(s stageArgs) (err error) {
	switch {
	case s.Multiline != nil:
		if p.first, err = compiled(s.Multiline.FirstLine); err == nil && s.Multiline.MaxWait != "" {
			p.wait, err = time.ParseDuration(s.Multiline.MaxWait)
		}
	case s.Static != nil:
		p.stages = append(p.stages, func(e *entry, _ map[string]string) { maps.Copy(e.labels, s.Static.Values) })
	case s.Regex != nil:
		return p.regex(s.Regex.Expression)
	case s.Template != nil:
		return p.template(*s.Template)
	case s.Labels != nil:
		p.stages = append(p.stages, labels(s.Labels.Values))
	case s.Timestamp != nil:
		return p.timestamp(*s.Timestamp)
	}
	return err
}

func (p *process) regex(expression string) error {
	words, err := compiled(expression)
	p.stages = append(p.stages, func(e *entry, extracted map[string]string) {
		m := words.FindStringSubmatch(e.line)
		for n, name := range words.SubexpNames() {
			if m != nil && name != "" {
				extracted[name] = m[n]
			}
		}
	})
	return err
}

func (p *process) template(a templateArgs) error {
	t, err := template.New(a.Source).Funcs(template.FuncMap{"ToUpper": strings.ToUpper}).Parse(a.Template)
	p.stages = append(p.stages, func(_ *entry, extracted map[string]string) {
		var b bytes.Buffer
		value, ok := extracted[a.Source]
		if !ok {
			return
		}
		if t.Execute(&b, map[string]string{"Value": value}) == nil {
			extracted[a.Source] = b.String()
		}
	})
	return err
}

func labels(values map[string]string) stage {
	return func(e *entry, extracted map[string]string) {
		for label, source := range values {
			if source == "" {
				source = label
			}
			if value := extracted[source]; value != "" {
				e.labels[label] = value
			}
		}
	}
}

func (p *process) timestamp(a timestampArgs) error {
	if a.OnFailure != "skip" {
		return fmt.Errorf("the stand-in knows action_on_failure = %q alone", "skip")
	}
	layouts := append([]string{a.Format}, a.Fallback...)
	for n, l := range layouts {
		if l == "RFC3339Nano" { // a name for the layout
			layouts[n] = time.RFC3339Nano
		}
	}
	p.stages = append(p.stages, func(e *entry, extracted map[string]string) {
		for _, l := range layouts {
			if at, err := time.Parse(l, extracted[a.Source]); err == nil {
				e.at = at
				return
			}
		}
	})
	return nil
}

// run takes lines until ctx ends, joins those of one entry, and sends each entry on.
func (p *process) run(ctx context.Context, in <-chan entry, send func(context.Context, entry)) {
	var open *entry
	flush := func() {
		if open == nil {
			return
		}
		extracted := map[string]string{}
		for _, s := range p.stages {
			s(open, extracted)
		}
		send(ctx, *open)
		open = nil
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(p.wait):
			flush()
		case e := <-in:
			if open != nil && p.first != nil && !p.first.MatchString(e.line) {
				open.line += "\n" + e.line
				continue
			}
			flush()
			if open = &e; p.first == nil {
				flush()
			}
		}
	}
}
