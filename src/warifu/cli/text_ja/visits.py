"""Visits to exchanges."""

VISITS: dict[str, str] = {
    "this account's key is whole in one device: no other can fetch the deposit address, so it has to be a "
    "destination of the policy ('warifu exchange deposit-address', 'warifu policy change')": (
        "この口座の鍵は 1 台の端末に丸ごとあり、ほかの端末は入金アドレスを確かめられません。"
        "入金アドレスをポリシーの宛先に加えてください（「warifu exchange deposit-address」「warifu policy change」）"
    ),
    "The wallet's own address that it comes home to, if the exchange has a list of addresses; else a fresh "
    "one.": (
        "引き上げ先とするウォレット自身のアドレス（取引所に出金先リストがある場合）。なければ新しいアドレス。"
    ),
    "home is": "引き上げ先",
    "a fresh address of the wallet's own": "ウォレット自身の新しいアドレス",
    "not known here as an address of this wallet": "このウォレットのアドレスとしては知られていません",
    "It takes as many owners as an order for that much there: where these are several, it waits for the others "
    "('warifu approval give').": (
        "そこで同じ額の注文を出すのと同じ数の所有者の承認が要ります。"
        "複数のときは、ほかの所有者を待ちます（「warifu approval give」）。"
    ),
    "Bring home now what is left of the visit ID (its beginning is enough). Your word alone is enough.": (
        "一時預け ID（先頭だけでよい）の残りを今すぐ引き上げます。あなたの承認だけで足ります。"
    ),
    "Each device proves the way back to itself: that the key may withdraw, what is there, and where deposits "
    "go. Then you send the funds there, trade ('warifu exchange'), and what is left comes home by itself.": (
        "各端末は、帰り道を自分で確かめます。鍵で出金できること、今ある残高、入金先です。そのあと資金を送り、"
        "取引し（「warifu exchange」）、残りはひとりでに戻ります。"
    ),
    "Funds that go to an exchange for a trade, and come home.": "取引のために取引所へ行き、戻ってくる資金。",
    "How long it may be there: 30m, 2h, 1d.": "預けておける時間：30m、2h、1d。",
    "It is done by itself, again and again; this is for when you changed something at the exchange and do "
    "not want to wait.": (
        "これはひとりでに繰り返されます。取引所で何かを直し、待ちたくないときのためのものです。"
    ),
    "Let AMOUNT of WALLET's be at the exchange of ACCOUNT for a while. Nothing moves yet, unless --send is there.": (
        "WALLET の AMOUNT までを、ACCOUNT の取引所にしばらく置けるようにします。--send がなければ、まだ何も動きません。"
    ),
    "Send the funds at once; the passphrase is asked for then.": "すぐに送ります。そのときパスフレーズを尋ねます。",
    "With --send, on Bitcoin: in sat/vB.": "--send のとき、ビットコインで: sat/vB 単位。",
    "Open this visit?": "この一時預けを始めますか？",
    "STUCK at the exchange": "取引所から動かせません",
    "something else left the exchange than devices signed: the wallet is frozen; a device was taken over": (
        "端末が署名したものと違うものが取引所から出ました。ウォレットは凍結され、乗っ取られた端末があります"
    ),
    "Send the funds there, and the devices let them go to no other address of the exchange:": (
        "資金をそこへ送ってください。端末は、取引所のほかのアドレスへは送らせません："
    ),
    "Show how WALLET's visits stand, as each connected device says for itself.": (
        "WALLET の一時預けの状態を、つながっている各端末の言葉で示します。"
    ),
    "Try now to bring home what is to come home, instead of after a pause.": (
        "戻るべき資金の引き上げを、間を置かずに今試みます。"
    ),
    "What else comes home: ETH, USDC@ethereum, SOL=ADDRESS for the one on the exchange's list (repeat).": (
        "ほかに戻す資産：ETH、USDC@ethereum、取引所の一覧にあるアドレスなら SOL=アドレス（繰り返し可）。"
    ),
    "When the time is over the devices bring home what is left, to an address of the wallet's own and to no "
    "other. For that nobody has to be there.": (
        "時間が過ぎると、端末は残りをウォレット自身のアドレスへ、そしてそこだけへ引き上げます。そのために誰か"
        "がいる必要はありません。"
    ),
    "a visit to an exchange": "取引所への一時預け",
    "account": "口座",
    "also comes home": "ほかに戻るもの",
    "brings at most": "預ける上限",
    "deposit address": "入金アドレス",
    "funds are on their way there": "資金は向かっています",
    "funds may go there": "資金を送れます",
    "home": "戻りました",
    "no visit is known to the devices that are connected": "つながっている端末が知る一時預けはありません",
    "on the way home": "戻る途中です",
    "seen there: {there}": "そこで見た残高：{there}",
    "sweep": "引き上げ",
    "the devices prove the way back": "端末が帰り道を確かめています",
    "the end of a visit": "一時預けの終了",
    "the way back is not proven yet": "帰り道はまだ確かめられていません",
    "the way back is not proven yet: see how it stands with 'warifu visit show'": (
        "帰り道はまだ確かめられていません。「warifu visit show」で状態を見てください"
    ),
    "there": "取引所にあります",
    "{count} visits are looked after now": "{count} 件の一時預けを今見ています",
    "{device}: {words}": "{device}：{words}",
    "visit opened": "一時預けの開始",
    "visit ended": "一時預けの終了",
    "visit ended by its loss": "損失による一時預けの終了",
    "Most that it may lose of what it brought: 5%, 2.5%. Then it comes home. Else the policy's, if it has one.": (
        "預けた額のうち失ってよい上限: 5%、2.5%。超えたら引き上げます。省略するとポリシーの上限（あれば）です。"
    ),
    "may lose at most": "許す損失",
    "what the policy says": "ポリシーのとおり",
    "your policy lets it be traded for {assets}, which would stay at the exchange: nobody sells it back "
    "for you, and only what --also names comes home": (
        "ポリシーでは {assets} と交換できますが、それは取引所に残ります。代わりに売り戻す者はなく、"
        "--also で指定したものだけが戻ります"
    ),
    "an owner ended it": "所有者が終えました",
    "its time is over": "時間切れです",
    "MORE WAS LOST THAN IT MAY LOSE": "損失が上限を超えました",
    "its account was removed": "口座が外されました",
    "not looked at yet": "まだ見ていません",
    "something there has no pair in the policy by which it could be valued": (
        "評価に使える組がポリシーにないものがあります"
    ),
    "more was traded than it asks prices for": "価格を問い合わせる数を超える種類を取引しました",
    "the exchange says no price that can be used": "取引所の価格が使えません",
    "not looked at lately": "最近は見ていません",
    "worth: not known ({why})": "評価額は不明（{why}）",
    "worth {value} of {credited} {symbol}, {lost} lost": "評価額 {value}（元は {credited} {symbol}）、損失 {lost}",
    "at {moment}; not known now ({why})": "{moment} の時点。今は不明（{why}）",
    "sweep signed": "引き上げへの署名",
    "device taken back": "端末の受け入れ直し",
    "{device} was taken back with an older disk on its owners' word, as {by} wrote down": (
        "{device} は、所有者の意思で古いディスクのまま受け入れ直されました（{by} の記録による）"
    ),
}
