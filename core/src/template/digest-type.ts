import type { NotificationType } from '@carillon/schemas'

const SHOWN = 50
const LISTED = 5

/** Lists the messages under the names of their categories, if there are several. */
const HTML = `<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{{ 'new' | t: n: total }}</h1>
{% assign shown = items | slice: 0, ${SHOWN} %}{% assign groups = shown | group_by: 'category' %}
{% for group in groups %}{% if groups.size > 1 and group.name != '' %}<h2 dir="auto" style="margin:16px 0 8px;font-size:16px">{{ group.items[0].category_name }}</h2>{% endif %}
<ul style="margin:0 0 16px;padding:0 20px">{% for item in group.items %}
<li dir="auto" style="margin:0 0 8px">{% if item.url != '' %}<a href="{{ item.url }}" style="color:inherit">{{ item.title }}</a>{% else %}{{ item.title }}{% endif %}</li>{% endfor %}
</ul>{% endfor %}
{% if total > shown.size %}{% assign rest = total | minus: shown.size %}<p>{{ 'more' | t: n: rest }}</p>{% endif %}`

const BODY = `{% assign shown = items | slice: 0, ${LISTED} %}{% for item in shown %}{{ item.title }}
{% endfor %}{% if total > shown.size %}{% assign rest = total | minus: shown.size %}{{ 'more' | t: n: rest }}{% endif %}`

/**
 * The type of messages that cover several notifications: summaries after quiet hours, and digests that the user wants hourly,
 * daily or weekly. A tenant replaces it by publishing a type with the same key.
 */
export const DIGEST_TYPE: NotificationType = {
  key: 'carillon.digest',
  // Tenants publish versions from 1.
  version: 0,
  name: 'Summary',
  locale: 'en',
  content: { title: "{{ 'new' | t: n: total }}", body: BODY },
  channels: { email: { html: HTML } },
  messages: {
    new: '{n, plural, one {# new notification} other {# new notifications}}',
    more: '… and {n, number} more',
  },
  locales: {
    ar: {
      messages: {
        new: '{n, plural, zero {لا إشعارات جديدة} one {إشعار جديد واحد} two {إشعاران جديدان} few {# إشعارات جديدة} many {# إشعارًا جديدًا} other {# إشعار جديد}}',
        more: '… و{n, number} أخرى',
      },
    },
    de: {
      messages: {
        new: '{n, plural, one {# neue Benachrichtigung} other {# neue Benachrichtigungen}}',
        more: '… und {n, number} weitere',
      },
    },
    es: {
      messages: {
        new: '{n, plural, one {# notificación nueva} other {# notificaciones nuevas}}',
        more: '… y {n, number} más',
      },
    },
    fr: {
      messages: {
        new: '{n, plural, one {# nouvelle notification} other {# nouvelles notifications}}',
        more: '… et {n, number} de plus',
      },
    },
    ja: { messages: { new: '新しい通知が{n, number}件あります', more: '…ほか{n, number}件' } },
    pl: {
      messages: {
        new: '{n, plural, one {# nowe powiadomienie} few {# nowe powiadomienia} many {# nowych powiadomień} other {# nowego powiadomienia}}',
        more: '… i jeszcze {n, number}',
      },
    },
    pt: {
      messages: {
        new: '{n, plural, one {# nova notificação} other {# novas notificações}}',
        more: '… e mais {n, number}',
      },
    },
  },
}
