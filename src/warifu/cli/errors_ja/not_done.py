"""What was not done because of an error, in Japanese: the sentences that bear no values, by the English ones."""

NOT_DONE: dict[str, str] = {
    "Nothing was signed and nothing was sent.": "何も署名せず、何も送っていません。",
    "Nothing was changed.": "何も変えていません。",
    "Nothing was asked.": "何も尋ねていません。",
    "Nothing was kept.": "何も保存していません。",
    "Nothing was opened.": "何も開いていません。",
    "Nothing was added.": "何も加えていません。",
    "The device was not enrolled.": "端末は登録されていません。",
    "The device was not started.": "端末は起動していません。",
    "Nothing was approved.": "何も承認していません。",
    "Nothing was made.": "何も作っていません。",
    "Nothing was appraised.": "何も評価していません。",
    "No wallet was made.": "ウォレットは作られていません。",
    "Nothing was done.": "何もしていません。",
    "Nothing was asked for.": "何も頼んでいません。",
    "Nothing is watched.": "何も見張っていません。",
    "The service did not start.": "サービスは起動していません。",
    "The simulation did not start.": "シミュレーションは起動していません。",
    "Nothing was sent.": "何も送っていません。",
    "Nothing was refreshed.": "何も更新していません。",
    "The transaction was not sent.": "トランザクションは送られていません。",
    "Nothing was handed out.": "何も預け渡していません。",
    "Nothing is shown.": "何も表示していません。",
    "No piece was released.": "断片は渡されていません。",
    "The demo did not go on.": "デモはここで止まりました。",
    "It was not kept.": "保存していません。",
    "Nothing was started.": "何も始めていません。",
    "No device was told.": "どの端末にも伝えていません。",
    "Nothing was signed.": "何も署名していません。",
    "Nothing was settled.": "何も片付いていません。",
    "Nothing was removed.": "何も外していません。",
    "No device was asked.": "どの端末にも尋ねていません。",
    "The service did not start; the file was not touched.": (
        "サービスは起動しておらず、ファイルにも触れていません。"
    ),
    "The device was not started; no other platform was tried.": (
        "端末は起動しておらず、ほかのプラットフォームも試していません。"
    ),
    "Nothing was dealt.": "何も配っていません。",
    "No evidence was made.": "証拠は作られていません。",
    "Nothing was fetched.": "何も取得していません。",
    "Nothing was checked.": "何も確かめていません。",
    "No key is to be registered at the exchange.": "取引所に鍵を登録しないでください。",
    "Nothing happened at the exchange.": "取引所では何も起きていません。",
    "The address was not shown, so that nobody pays to it.": (
        "誰も払わないように、アドレスは表示していません。"
    ),
    "Nothing was asked of the devices.": "端末には何も頼んでいません。",
    "Nothing runs.": "何も動いていません。",
    "The wallet was not added to your profile, and no address of it was shown.": (
        "ウォレットはプロファイルに加えず、アドレスも表示していません。"
    ),
    "Nothing was frozen.": "何も凍結していません。",
    "Nothing was vetoed.": "何も拒否していません。",
    "What was asked is not known to be done.": "頼んだことが済んだかどうか、分かりません。",
    "This key is not to be registered at the exchange.": "この鍵は取引所に登録しないでください。",
    "No label was changed.": "ラベルは変えていません。",
    "Nothing was deleted.": "何も消していません。",
    "It was not sent.": "送っていません。",
    "The wallet was not opened.": "ウォレットは開いていません。",
    "The device did not start.": "端末は起動していません。",
    "What is kept was not changed.": "保存してあるものは変えていません。",
    "It was not kept; the newer one stays.": "保存せず、新しいほうを残しています。",
    "What came is not the exchange's whole answer, and was not believed to be.": (
        "届いたものは取引所の答えの全体ではなく、信じていません。"
    ),
    "What was asked may or may not have been done.": (
        "頼んだことは、済んだかもしれず、済んでいないかもしれません。"
    ),
    "This device no longer takes part in anything.": "この端末は、もう何にも加わりません。",
    "The device was not connected.": "端末はつながっていません。",
    "This device did not connect anywhere.": "この端末はどこにもつないでいません。",
    "Nothing was connected.": "何もつないでいません。",
    "What was asked was not done.": "頼んだことは行われていません。",
    "Nothing was sent to it.": "そこには何も送っていません。",
    "The signer was not started.": "署名器は起動していません。",
    "Your profile was not changed. Which shares the devices use is theirs to say ('warifu devices').": (
        "プロファイルは変えていません。どのシェアを使うかは端末が示します（'warifu devices'）。"
    ),
    "The command did not end as it should; look at the state before you repeat it.": (
        "コマンドが途中で終わりました。状態を見てから、やり直してください。"
    ),
    "It must not be registered at the exchange before all of them have it.": (
        "すべての端末が持つまで、取引所に登録しないでください。"
    ),
    "The passphrase was not sealed to it, and nothing was sent.": (
        "パスフレーズに封をせず、何も送っていません。"
    ),
    "Nothing of that answer was believed.": "その答えは何も信じていません。",
    "Whether it got the last request is not known; asking again does nothing twice.": (
        "最後の依頼が届いたかは分かりません。もう一度頼んでも、二重にはなりません。"
    ),
    "Nothing was sent to it, neither a request nor the API key.": ("依頼も API キーも、何も送っていません。"),
    "It is not sent again: it may have happened.": "実行されたかもしれないので、送り直しません。",
    "The evidence is genuine, but not enough. Rely on nothing that it says.": (
        "証拠は本物ですが、足りません。その内容に頼らないでください。"
    ),
    "Rely on nothing that this evidence says.": "この証拠の内容に頼らないでください。",
    "The device was not accepted, and nothing was sealed to it.": (
        "端末は受け入れられず、何も封をしていません。"
    ),
    "Nothing was asked of them.": "それらには何も頼んでいません。",
    "What was shown is the exchange's own; what came after it is not known.": (
        "表示されたものは取引所の言葉です。そのあとのことは分かりません。"
    ),
    "Nothing was heard.": "何も聞いていません。",
    "This machine serves nothing now.": "このマシンは今、何も提供していません。",
    "The device was not accepted.": "端末は受け入れられていません。",
    "Nothing was withdrawn.": "何も出金していません。",
    "The new passkey was not kept: delete it where it was made.": (
        "新しいパスキーは保存していません。作ったところで消してください。"
    ),
    "The new device was not pinned.": "新しい端末は固定されていません。",
    "Whether this one was done is not known.": "これが済んだかどうか、分かりません。",
    "It stays as it was.": "元のままです。",
    "The others were made.": "ほかのものは作られました。",
    "Nothing was revoked.": "何も取り消していません。",
    "Nothing was cancelled.": "何も取り消していません。",
    "Nothing was decoded.": "何も読み取っていません。",
    "No invitation was made.": "招待は作られていません。",
    "As far as the connected devices know the wallet's shares are what they were.": (
        "つながっている端末の知る限り、シェアは元のままです。"
    ),
    "As far as the connected devices know nothing was signed, and nothing was sent.": (
        "つながっている端末の知る限り、何も署名せず、何も送っていません。"
    ),
    "As far as the carrier knows, nothing was sent.": "運び手の知る限り、何も送っていません。",
    "No device was told, and nothing was sent.": "どの端末にも伝えず、何も送っていません。",
    "There is no such key, on no device.": "その鍵は、どの端末にもありません。",
    "Nothing moved but the fee.": "手数料のほかは、何も動いていません。",
    "Nothing moved.": "何も動いていません。",
    "No wallet came into use. A device may keep a share of one that nobody can pay to.": (
        "使われるウォレットはできていません。誰も払えないウォレットのシェアが、端末に残ることはあります。"
    ),
    "No device was enrolled.": "どの端末も登録されていません。",
    "No key was made.": "鍵は作られていません。",
    "It was not touched.": "触れていません。",
    "This one did not start.": "こちらは起動していません。",
    "What was asked was not done, or is not known to be done.": (
        "頼んだことは、行われていないか、済んだか分かりません。"
    ),
    "Nothing was dropped.": "何も取り下げていません。",
    "Nothing was begun.": "何も始めていません。",
    "Nothing was set up; no other platform was taken in its place.": (
        "何も設定しておらず、ほかのプラットフォームで代えてもいません。"
    ),
    "Nothing was set up.": "何も設定していません。",
    "No evidence was shown.": "証拠は示していません。",
    "No evidence was made and the device did not start.": "証拠は作られず、端末は起動していません。",
    "None of its certificates was taken.": "その証明書は何も取り入れていません。",
    "Nothing was sealed, unsealed or attested.": "封印も開封も証明もしていません。",
    "The device was not unlocked.": "端末は解錠されていません。",
    "Nothing was unlocked.": "何も解錠していません。",
    "Nothing was sealed or unsealed.": "封印も開封もしていません。",
    "It was not used.": "使っていません。",
    "Its piece was not used.": "その断片は使っていません。",
    "Nothing was sealed or unsealed; no weaker way was taken.": (
        "封印も開封もせず、弱い方法で代えてもいません。"
    ),
    "Nothing was changed in the TPM.": "TPM では何も変えていません。",
    "The device was not started; nothing was sent to the TPM.": (
        "端末は起動しておらず、TPM にも何も送っていません。"
    ),
    "Nothing was opened, and no other platform was tried.": (
        "何も開かず、ほかのプラットフォームも試していません。"
    ),
    "It was not opened.": "開いていません。",
    "Nothing was opened; no other platform was tried.": (
        "何も開かず、ほかのプラットフォームも試していません。"
    ),
    "No secret was sent to it and nothing was opened.": "秘密を送らず、何も開いていません。",
    "Nothing was counted, and no new counter was begun.": "何も数えず、新しい計数器も始めていません。",
    "The answer was not used.": "その答えは使っていません。",
    "What was being done was not done, and the TPM is not asked again.": (
        "行おうとしたことは済んでおらず、TPM にももう頼みません。"
    ),
    "Nothing was opened; no try of the passphrase was used up.": (
        "何も開かず、パスフレーズを試した回数も減っていません。"
    ),
    "The chain was not asked, or its answer not used.": ("チェーンに尋ねていないか、答えを使っていません。"),
    "Nothing was decided on it.": "それをもとに何も決めていません。",
    "Nothing was decided on what so few say.": "少数の答えをもとに何も決めていません。",
    "Nothing was sent to anybody.": "誰にも何も送っていません。",
    "No fee was estimated.": "手数料は見積もっていません。",
    "The wallet is as it was.": "ウォレットは元のままです。",
    "No new address was revealed.": "新しいアドレスは出していません。",
    "Our copy was not sent.": "こちらの写しは送っていません。",
    "What was there before is still there.": "前からあったものは、そのままです。",
    "The module was not installed.": "モジュールは入れていません。",
    "It was not changed.": "変えていません。",
    "Nothing more was changed.": "それ以上は何も変えていません。",
    "Its piece was not released.": "その断片は渡していません。",
    "No key was derived.": "鍵は導いていません。",
    "Nothing was announced.": "何も予告していません。",
    "Nothing was proven.": "何も証明されていません。",
    "It was shown to nobody, and nothing was signed.": "誰にも示さず、何も署名していません。",
    "Its enrolment was not changed.": "その登録は変えていません。",
    "The device did not start, and nothing was signed.": "端末は起動せず、何も署名していません。",
    "Nothing was signed, and nothing of the store was changed.": (
        "何も署名せず、保管データも変えていません。"
    ),
    "Nothing was refreshed. The wallet signs as before.": (
        "何も更新していません。ウォレットは前と同じに署名します。"
    ),
    "The device was not started, and nothing of its store was changed.": (
        "端末は起動せず、保管データも変えていません。"
    ),
    "The device was not started, and nothing of the store was changed.": (
        "端末は起動せず、保管データも変えていません。"
    ),
    "No keeper was asked for anything.": "どの預かり手にも、何も頼んでいません。",
    "The device boots by its earlier keepers, if it had any.": (
        "端末は、前の預かり手がいれば、その預かり手で起動します。"
    ),
    "The signer did not start; its store was not opened.": ("署名器は起動せず、保管データも開いていません。"),
    "Nothing was told.": "何も伝えていません。",
    "Nothing was asked of the exchange.": "取引所には何も頼んでいません。",
}
